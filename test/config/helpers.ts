import { ConfigError, formatProblem, parseTenantList } from "../../src/config";

/** The lines of the ConfigError that something throws; `[]` when it throws nothing. Anything else it throws is a bug. */
export function problemsOf(act: () => unknown): string[] {
  try {
    act();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(formatProblem);
  }
  return [];
}

/** What is wrong with a tenant list, one line a problem. */
export const listProblems = (text: string): string[] =>
  problemsOf(() => parseTenantList(text, "tenants.yaml"));

/** Bytes of a text in another encoding than UTF-8. */
export const bytesOf = (text: string, encoding: BufferEncoding): Buffer => Buffer.from(text, encoding);

/** The least a stack says, as Pulumi's engine gives it. */
export const STACK: ReadonlyMap<string, string> = new Map([
  ["atalaya:host", "docker"],
  ["atalaya:domain", "localhost"],
  ["atalaya:overCapacity", "warn"],
  [
    "atalaya:capacity",
    '{"requests":"500/s","samples":"50000/s","activeSeries":1000000,"logs":"10MiB/s","traces":"20MiB/s"}',
  ],
]);

/** The same with more settings: texts as they are, everything else as JSON. */
export const stackOf = (settings: Readonly<Record<string, unknown>>): Map<string, string> =>
  new Map([
    ...STACK,
    ...Object.entries(settings).map(([key, value]): [string, string] => [
      key.includes(":") ? key : `atalaya:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  ]);
