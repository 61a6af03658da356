import { readFileSync } from "node:fs";
import { FORMS, parseDuration, type Seconds } from "../../src/model/units";
import { isOneAddress } from "./addresses";
import { isFields, type Fields } from "./values";

/** Where the file is, from the project's root. Who may change it owns the policies. */
export const SETTINGS_FILE = "policies/settings.json";

/** In what teams differ. What keeps tenants apart is in no setting, and no rule can be switched off. */
export interface Settings {
  /** Addresses that ports may be published on, besides loopback. Unset: the one that the environment is published on. */
  readonly publishedAddresses?: readonly string[];
  /** The longest that anything may be kept. A signal that is unset: as long as the environment says. */
  readonly maximumRetention: { readonly [S in Kept]?: Seconds };
}

export const DEFAULTS: Settings = { maximumRetention: {} };

const KEPT = ["metrics", "logs", "traces"] as const;
export type Kept = (typeof KEPT)[number];
const KNOWN = ["maximumRetention", "publishedAddresses"];

/** Everything that is wrong with the file. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  /** Pulumi prints such an error by its message alone. */
  readonly __pulumiRunError = true;
}

/** The settings in a file; the defaults where there is none. Throws SettingsError. */
export function loadSettings(file: string): Settings {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return DEFAULTS;
    throw new SettingsError(`${SETTINGS_FILE} cannot be read: ${(error as Error).message}.`);
  }
  return parseSettings(text);
}

/** Throws SettingsError with everything that is wrong. */
export function parseSettings(text: string): Settings {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new SettingsError(`${SETTINGS_FILE} is not JSON: ${(error as Error).message}.`);
  }
  if (!isFields(document))
    throw new SettingsError(`${SETTINGS_FILE} must be an object. Write {} for the defaults.`);
  const problems = [...unknown(document), ...addresses(document), ...retention(document)];
  if (problems.length > 0)
    throw new SettingsError(problems.map((problem) => `${SETTINGS_FILE}: ${problem}`).join("\n"));
  const { publishedAddresses, maximumRetention } = document;
  const periods = Object.entries((maximumRetention ?? {}) as Readonly<Record<string, string>>);
  return {
    ...(publishedAddresses !== undefined && { publishedAddresses: publishedAddresses as string[] }),
    maximumRetention: Object.fromEntries(periods.map(([name, period]) => [name, parseDuration(period)])),
  };
}

const unknown = (document: Fields): readonly string[] =>
  Object.keys(document)
    .filter((name) => !KNOWN.includes(name))
    .map(
      (name) =>
        `${name} is not a known setting. Known: ${KNOWN.join(", ")}. Rules are not switched off or weakened: what keeps tenants apart has no settings.`,
    );

function addresses({ publishedAddresses: list }: Fields): readonly string[] {
  if (list === undefined) return [];
  const form = 'Write a list of IP addresses, such as ["192.0.2.1"]; loopback needs no mention.';
  if (!Array.isArray(list)) return [`publishedAddresses ${JSON.stringify(list)} is not a list. ${form}`];
  return list
    .filter((address) => typeof address !== "string" || !isOneAddress(address))
    .map((address) => `publishedAddresses ${JSON.stringify(address)} is not one IP address. ${form}`);
}

function retention({ maximumRetention: periods }: Fields): readonly string[] {
  if (periods === undefined) return [];
  const form = `Write ${FORMS.duration}.`;
  if (!isFields(periods))
    return [`maximumRetention ${JSON.stringify(periods)} is not an object of ${KEPT.join(", ")}.`];
  return Object.entries(periods).flatMap(([name, period]) => {
    if (!KEPT.some((kept) => kept === name))
      return [`maximumRetention.${name} is not a known signal. Known: ${KEPT.join(", ")}.`];
    const seconds = typeof period === "string" ? parseDuration(period) : undefined;
    return seconds !== undefined && seconds > 0
      ? []
      : [`maximumRetention.${name} ${JSON.stringify(period)} is not a duration. ${form}`];
  });
}
