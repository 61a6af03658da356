import { listAt, valueAt, type Path, type Report } from "./report";

const CHANNELS = ["email", "slack", "webhook"] as const;

/** The same alphabet as a Pulumi config key's name. */
export const SECRET_KEY = /^[A-Za-z][A-Za-z0-9_-]{0,99}$/;

/** Passes for a name, but is the shape of tokens that people paste: well-known prefixes, long hexadecimal, long and mixed. */
const TOKEN =
  /^(xox[a-z]|gh[pousr]_|glsa_|glc_|sk[-_]|AKIA)|[0-9a-fA-F]{32}|(?=.*\d)(?=.*[A-Z])(?=.*[a-z])^[\w-]{24,}$/u;

/** Contacts: exactly one channel each, names once, and the name of a secret where a secret is wanted. */
export function checkContacts(report: Report): void {
  for (const tenant of listAt(report.source.value, ["tenants"]).keys()) {
    const names = new Map<unknown, Path>();
    for (const [index, contact] of listAt(report.source.value, ["tenants", tenant, "contacts"]).entries()) {
      const path = ["tenants", tenant, "contacts", index];
      checkChannels(report, path, contact);
      const name = valueAt(contact, ["name"]);
      if (names.has(name))
        report.add(
          [...path, "name"],
          "is already the name of another contact of this tenant",
          "Rename one of the two.",
        );
      if (typeof name === "string") names.set(name, path);
    }
  }
}

function checkChannels(report: Report, path: Path, contact: unknown): void {
  if (contact === null || typeof contact !== "object" || Array.isArray(contact)) return;
  const used = CHANNELS.filter((channel) => Object.hasOwn(contact, channel));
  if (used.length === 0) report.add(path, "has no address", "Add one of email, slack and webhook.");
  if (used.length > 1)
    report.add(path, `has several addresses (${used.join(", ")})`, "Write one contact for each of them.");
  for (const channel of ["slack", "webhook"] as const) {
    const key = valueAt(contact, [channel]);
    if (typeof key === "string" && SECRET_KEY.test(key) && TOKEN.test(key))
      report.add([...path, channel], "looks like a secret instead of the name of one", SECRET_REMEDY);
  }
}

/** Whoever put an address here has to take it back: the list is in git. */
export const SECRET_REMEDY =
  'Store it with "pulumi config set --secret <name>" and write that name (letters, digits, - and _) here. If a secret was committed, replace it.';
