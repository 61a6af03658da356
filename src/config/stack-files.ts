import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, together } from "./problems";
import { mapAt, valueAt, type Locate, type Report } from "./report";
import { didYouMean } from "./schema-problems";
import { projectPath, readSource } from "./source";
import { PREVIEW_SECRET } from "./stack-values";
import { parseYaml } from "./yaml";

export interface StackConfig {
  /** As the engine gives it: `atalaya:host` to text, objects as JSON. Secrets have a recognisable stand-in. */
  readonly config: ReadonlyMap<string, string>;
  /** Names of encrypted values, without the project's namespace: `mx-slack`; with any other: `aws:token`. Sorted. */
  readonly secretKeys: readonly string[];
  readonly project: string;
  /** What problems call the stack's file. */
  readonly file: string;
  /** Where things stand in it. */
  readonly locate: Locate;
}

/**
 * The configuration of a stack without Pulumi's CLI: the defaults of `Pulumi.yaml` and the values of `Pulumi.<stack>.yaml`,
 * merged as the engine does it (a stack's value replaces the whole default). Nothing is decrypted. Throws
 * {@link ConfigError}.
 */
export function loadStackConfig(root: string, stack: string): StackConfig {
  const [project, values] = together<[Report, Report]>(
    () => checked(root, "Pulumi.yaml", { known: [], whenEmpty: "Take it back from git." }),
    () => readStack(root, stack),
  );
  const name = valueAt(project.source.value, ["name"]);
  if (typeof name !== "string") {
    project.add(["name"], "is missing", "Add the project's name: atalaya.");
    throw new ConfigError(project.problems);
  }
  const config = new Map(defaultsOf(project, name));
  const secrets = new Set<string>();
  for (const [key, value] of Object.entries(mapAt(values.source.value, ["config"])))
    readValue(values, name, key, value, { config, secrets });
  values.throwIfAny();
  return {
    config: new Map([...config].sort(([a], [b]) => (a < b ? -1 : 1))),
    secretKeys: [...secrets].sort(),
    project: name,
    file: values.source.file,
    locate: values.source.locate,
  };
}

interface Expected {
  /** Fields of the file; none: any. */
  readonly known: readonly string[];
  /** Remedy. */
  readonly whenEmpty: string;
}

function checked(root: string, name: string, { known, whenEmpty }: Expected): Report {
  const path = join(root, name);
  const file = projectPath(root, path);
  const report = parseYaml(readSource(path, file), file, whenEmpty);
  const { value } = report.source;
  if (value === null || typeof value !== "object" || Array.isArray(value))
    report.add([], "the file is not a map of fields", 'Write it as "field: value" lines.', {
      hideValue: true,
    });
  else if (known.length > 0)
    for (const key of Object.keys(value))
      if (!known.includes(key))
        report.add([key], "is not a known field", didYouMean(key, known), { at: "key" });
  report.throwIfAny();
  return report;
}

const STACK_FILE: Expected = {
  known: ["config", "encryptionsalt", "encryptedkey", "secretsprovider", "environment"],
  whenEmpty: 'Write "config:" and "atalaya:<setting>: <value>" lines below it, or take it back from git.',
};

function readStack(root: string, stack: string): Report {
  const name = `Pulumi.${stack}.yaml`;
  const stacks = stacksOf(root);
  if (!stacks.includes(stack)) throw noSuchStack(projectPath(root, join(root, name)), stack, stacks);
  const report = checked(root, name, STACK_FILE);
  const config = valueAt(report.source.value, ["config"]);
  if (config !== undefined && config !== null && (typeof config !== "object" || Array.isArray(config)))
    report.add(["config"], "has the wrong type", 'Write "atalaya:<setting>: <value>" lines below it.');
  if (valueAt(report.source.value, ["environment"]) !== undefined)
    report.add(
      ["environment"],
      "takes values from Pulumi ESC, which cannot be read without Pulumi's CLI",
      "Write them under config.",
      { at: "key" },
    );
  report.throwIfAny();
  return report;
}

/** Names of the stacks that have a file in the project's root, sorted. */
export function stacksOf(root: string): readonly string[] {
  try {
    return readdirSync(root)
      .flatMap((file) => /^Pulumi\.([^.]+)\.yaml$/u.exec(file)?.[1] ?? [])
      .sort();
  } catch {
    return [];
  }
}

function noSuchStack(file: string, stack: string, stacks: readonly string[]): ConfigError {
  const exist = stacks.length === 0 ? "There is no stack here yet." : `Stacks here: ${stacks.join(", ")}.`;
  const near = stacks.length === 0 ? "" : didYouMean(stack, stacks);
  const remedy = near.startsWith("Did")
    ? `${near} ${exist}`
    : `${exist} Create the file, or name one that exists.`;
  return new ConfigError([{ file, path: "", message: `there is no stack "${stack}"`, remedy }]);
}

/** Engine's form of a plain value: scalars as text, everything else as JSON. */
function asText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function defaultsOf(project: Report, name: string): [string, string][] {
  return Object.entries(mapAt(project.source.value, ["config"])).flatMap(([key, declared]) => {
    const isMap = declared !== null && typeof declared === "object" && !Array.isArray(declared);
    const value = isMap ? (valueAt(declared, ["default"]) ?? valueAt(declared, ["value"])) : declared;
    return value === undefined || value === null ? [] : [[qualified(name, key), asText(value)]];
  });
}

const qualified = (project: string, key: string): string => (key.includes(":") ? key : `${project}:${key}`);

interface Target {
  readonly config: Map<string, string>;
  readonly secrets: Set<string>;
}

function readValue(
  report: Report,
  project: string,
  name: string,
  value: unknown,
  { config, secrets }: Target,
): void {
  // The older form `atalaya:config:host` still means `atalaya:host`.
  const key = name.replace(/^([^:]+):config:/u, "$1:");
  if (!/^[^:\s]+:[^:\s]+$/u.test(key)) {
    report.add(["config", name], "has no namespace", `Write "${project}:${name.replaceAll(":", "")}".`, {
      at: "key",
    });
    return;
  }
  if (!holdsSecret(value)) {
    config.set(key, asText(value));
    return;
  }
  const own = key.startsWith(`${project}:`) ? key.slice(project.length + 1) : key;
  config.set(key, `${PREVIEW_SECRET}${own}`);
  secrets.add(own);
}

/** `{ secure: ... }` itself, or anywhere inside: then Pulumi treats the whole value as a secret. */
function holdsSecret(value: unknown): boolean {
  if (value === null || typeof value !== "object") return false;
  const entries = Object.entries(value);
  if (entries.length === 1 && entries[0]?.[0] === "secure" && typeof entries[0][1] === "string") return true;
  return entries.some(([, inner]) => holdsSecret(inner));
}
