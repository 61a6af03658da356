import type { z } from "zod";
import { stackSchema } from "./environment-schema";
import { Report, type Locate } from "./report";
import { didYouMean } from "./schema-problems";

/** The Pulumi project's name, and the namespace of its configuration. */
export const PROJECT = "atalaya";

/** In an offline preview nothing is decrypted: config secrets have this in front of their key instead of a value. */
export const PREVIEW_SECRET = "preview:config-secret:";

type Kind = "text" | "boolean" | "number" | "json";

const kindOf = (schema: z.ZodType): Kind => {
  const { def } = schema as unknown as { def: { type: string; innerType?: z.ZodType; in?: z.ZodType } };
  const inner = def.innerType ?? def.in;
  if (inner !== undefined) return kindOf(inner);
  if (def.type === "boolean" || def.type === "number") return def.type;
  return def.type === "object" || def.type === "array" ? "json" : "text";
};

const KINDS: ReadonlyMap<string, Kind> = new Map(
  Object.entries(stackSchema.shape as Readonly<Record<string, z.ZodType>>).map(([key, schema]) => [
    key,
    kindOf(schema),
  ]),
);

interface Options {
  readonly secretKeys?: readonly string[];
  readonly locate?: Locate;
}

/** The project's own settings as plain values, with a problem for each that is unknown, secret or not JSON. */
export function decodeStack(raw: ReadonlyMap<string, string>, file: string, options: Options): Report {
  const value: Record<string, unknown> = {};
  const locate: Locate = (path, at) => {
    const [first, ...rest] = path;
    return options.locate?.(first === undefined ? [] : ["config", `${PROJECT}:${first}`, ...rest], at);
  };
  const report = new Report({ file, value, locate });
  for (const [name, text] of raw) {
    const key = name.startsWith(`${PROJECT}:`) ? name.slice(PROJECT.length + 1) : undefined;
    if (key === undefined) continue;
    const kind = KINDS.get(key);
    const secret = options.secretKeys?.includes(key) === true;
    if (kind !== undefined && secret)
      report.add(
        [key],
        "is encrypted, but it is no secret",
        `Set it again: pulumi config set --plaintext ${key} <value>.`,
      );
    else if (kind !== undefined) decode(report, value, key, kind, text);
    else if (!secret)
      report.add(
        [key],
        "is not a known setting, and not encrypted as a secret would be",
        didYouMean(key, [...KINDS.keys()]),
        { at: "key" },
      );
  }
  return report;
}

const isOptional = (key: string): boolean =>
  Object.entries(stackSchema.shape).some(
    ([name, schema]) => name === key && schema.safeParse(undefined).success,
  );

function decode(report: Report, value: Record<string, unknown>, key: string, kind: Kind, text: string): void {
  // Pulumi has no "not set" for a setting of the project's schema: its default is the empty text or object.
  if (text === "" && kind === "text") return;
  if (text === "{}" && isOptional(key)) return;
  value[key] = text;
  if (kind === "boolean" && /^(true|false)$/u.test(text)) value[key] = text === "true";
  if (kind === "number" && /^-?\d+(\.\d+)?$/u.test(text)) value[key] = Number(text);
  if (kind !== "json") return;
  try {
    value[key] = JSON.parse(text);
  } catch {
    value[key] = undefined;
    report.add([key], "is not JSON", `Set single fields: pulumi config set --path ${key}.<field> <value>.`);
  }
}
