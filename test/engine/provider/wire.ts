import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { isDeepStrictEqual } from "node:util";
import { isFields, type Fields } from "./table";

/** What stands for a value that is not known yet (sdk/nodejs/runtime/rpc.ts). */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** What stands for a secret, with its value beside it (sdk/nodejs/runtime/rpc.ts). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** Plain: the engine sends no secrets to a provider that does not say it knows them, and Terraform's bridge does not. */
export const fromWire = (struct: Struct | undefined): Fields => struct?.toJavaScript() ?? {};

/** @param sensitive paths of what the schema calls sensitive */
export const toWire = (fields: Fields, sensitive: readonly string[] = []): Struct =>
  Struct.fromJavaScript(marked(fields, "", sensitive) as Record<string, never>);

function marked(value: unknown, path: string, sensitive: readonly string[]): unknown {
  if (value === undefined) return null;
  if (sensitive.includes(path) && value !== UNKNOWN) return { [SIGNATURE]: SECRET, value };
  if (Array.isArray(value)) return value.map((entry) => marked(entry, `${path}[]`, sensitive));
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key,
      marked(entry, path === "" ? key : `${path}.${key}`, sensitive),
    ]),
  );
}

/** Keys whose values differ; what is missing equals null. Sorted. */
export const changedKeys = (before: Fields, after: Fields): readonly string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => !isDeepStrictEqual(before[key] ?? null, after[key] ?? null))
    .sort();
