import { CREDENTIAL_HEADERS } from "../../src/model/headers";
import type { ResourceRecord } from "../../src/model/recording";
import { fields, isFields, isSecretPath, leaves, list, text, UNKNOWN, type Leaf } from "./values";

/** Made-up values of secrets start like this (src/preview/markers.ts); the rest says which one it stands for. */
export const SECRET_MARKER = "preview:secret:";
const MARKERS = /preview:secret:[^\s"'`,;}\])|&<>]+/g;

/** Properties that are credentials by their name, whoever's resource it is. */
const CREDENTIAL_NAME =
  /(password|passphrase|secret|token|apikey|api_key|privatekey|private_key|privatekeypem|pepper|^auth)$/i;
/** Names that only sound like one. */
const NOT_ONE = /(tokenurl|token_url|existingsecret|imagepullsecret)$/i;
const WHOLE = /^(secureJsonDataEncoded|secureJsonData|secretSettings|stringData)$/;

/** Whether a property is a credential by its name: `clientSecret`, `initialPassword.value`, an `Authorization` header. */
export function isCredential({ path, key }: Pick<Leaf, "path" | "key">): boolean {
  if (CREDENTIAL_HEADERS.includes(key.toLowerCase())) return true;
  const names = path.split(/[.[\]]+/);
  if (names.some((name) => WHOLE.test(name))) return true;
  const name = key === "value" ? (names.at(-2) ?? key) : key;
  return CREDENTIAL_NAME.test(name) && !NOT_ONE.test(name);
}

/** Whether a variable of a process is a credential by its name; `..._FILE` only says where one is. */
export const isCredentialVariable = (name: string): boolean =>
  CREDENTIAL_NAME.test(name) && !NOT_ONE.test(name);

/** The secrets that a text holds by their markers. */
export const markersIn = (value: string): readonly string[] =>
  value.includes(SECRET_MARKER) ? [...value.matchAll(MARKERS)].map(([marker]) => marker) : [];

export interface Credential {
  readonly path: string;
  /** What is compared: a marker, or the value without what is wrapped around it. */
  readonly value: string;
}

/** Every credential that a resource is given: by its marker, by its property's name, or because it was handed over as a secret. */
export function credentialsOf({ inputs, secrets = [] }: ResourceRecord): readonly Credential[] {
  const found: Credential[] = [];
  for (const leaf of leaves(inputs)) {
    const value = text(leaf.value);
    if (value === undefined || value === "" || value.includes(UNKNOWN)) continue;
    const { path } = leaf;
    const markers = markersIn(value);
    if (markers.length > 0) found.push(...markers.map((marker) => ({ path, value: marker })));
    else if (path.startsWith("uploads[")) found.push(...file(inputs, path, value));
    else if (path.startsWith("envs[")) found.push(...variable(path, value));
    else if (isCredential(leaf) || (isSecretPath(path, secrets) && !isStructure(leaf)))
      found.push(...unwrapped(value).map((part) => ({ path, value: part })));
  }
  return found;
}

/** Whole objects are secret as soon as a part of them is: a header's or a setting's name does not make its value a credential. */
const isStructure = ({ path }: Leaf): boolean => /\.httpHeaders\b|^httpHeaders\b/.test(path);

/** A whole file that is a secret, and not a certificate, which everybody may have. */
function file(inputs: ResourceRecord["inputs"], path: string, value: string): readonly Credential[] {
  const index = /^uploads\[(\d+)\]\.content$/.exec(path)?.[1];
  const target = text(fields(list(inputs["uploads"])[Number(index)])["file"]) ?? "";
  return index !== undefined &&
    target.includes("/secrets/") &&
    !target.endsWith(".crt") &&
    !isCertificate(value)
    ? [{ path, value: value.trim() }]
    : [];
}

/** Settings beside secrets that hold a certificate. */
const PUBLIC_KEY = /CACert$/;

/** Public, though it travels with secrets. */
const isCertificate = (value: string): boolean =>
  /^-----BEGIN CERTIFICATE-----/.test(value.trim()) ||
  /^preview:tls-[a-z-]+:[^:]+:[a-z]*certPem$/i.test(value);

function variable(path: string, line: string): readonly Credential[] {
  const [, name = "", value = ""] = /^([^=]*)=(.+)$/s.exec(line) ?? [];
  return isCredentialVariable(name) ? [{ path, value }] : [];
}

/** The same key with a scheme before it, in Basic authentication or in JSON is the same key. */
function unwrapped(value: string): readonly string[] {
  if (/^\s*[{[]/.test(value)) {
    const parts = parsed(value);
    if (parts !== undefined)
      return [...leaves(parts)].flatMap(({ key, value: part }) =>
        PUBLIC_KEY.test(key) ? [] : unwrapped(text(part) ?? ""),
      );
  }
  const [, scheme, rest = ""] = /^(bearer|basic)\s+(.+)$/i.exec(value) ?? [];
  if (scheme === undefined) return value === "" || isCertificate(value) ? [] : [value];
  if (scheme.toLowerCase() === "bearer") return [rest];
  const decoded = Buffer.from(rest, "base64").toString("utf8");
  return [decoded.slice(decoded.indexOf(":") + 1)];
}

function parsed(value: string): unknown {
  try {
    const result: unknown = JSON.parse(value);
    return isFields(result) || Array.isArray(result) ? result : undefined;
  } catch {
    return undefined;
  }
}
