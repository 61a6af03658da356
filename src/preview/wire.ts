/**
 * The SDK's wire form of property values: secrets, assets and unknown values are marked by signatures inside plain
 * objects (`sdk/nodejs/runtime/rpc.ts`; the constants are part of Pulumi's protocol and do not change).
 */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const UNKNOWN_VALUE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** What a recording shows where the program passed on an output that only a real engine knows. */
export const UNKNOWN = "preview:unknown";

export type WireObject = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is WireObject => typeof value === "object" && value !== null;

const isSecret = (value: unknown): value is { readonly value: unknown } =>
  isObject(value) && value[SIGNATURE] === SECRET;

/** Marks a value as secret, once. */
export const wrapSecret = (value: unknown): unknown =>
  isSecret(value) ? value : { [SIGNATURE]: SECRET, value: value ?? null };

/** Pulumi's own notation of property paths: `uploads[0].content`, `labels["a.b"]`. */
export function joinPath(path: string, key: string): string {
  if (key === "" || /["[\].]/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

function plain(value: unknown, path: string, secrets: string[] | undefined): unknown {
  if (value === UNKNOWN_VALUE) return UNKNOWN;
  if (!isObject(value)) return value;
  if (isSecret(value)) {
    // A path covers what is below it, so nested secrets are not listed again.
    secrets?.push(path);
    return plain(value.value, path, undefined);
  }
  if (Array.isArray(value)) return value.map((item, index) => plain(item, `${path}[${index}]`, secrets));
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    if (key !== SIGNATURE) result[key] = plain(value[key], joinPath(path, key), secrets);
  }
  return result;
}

/** Unwraps secrets everywhere and tells where they were: paths, sorted. */
export function unwrap(wire: WireObject): { values: Record<string, unknown>; secrets: string[] } {
  const secrets: string[] = [];
  const values: Record<string, unknown> = {};
  for (const key of Object.keys(wire)) values[key] = plain(wire[key], joinPath("", key), secrets);
  return { values, secrets: secrets.sort() };
}
