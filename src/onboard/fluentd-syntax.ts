/** A value of Fluentd's own configuration language; `env` is a variable of its process. */
export type Value =
  string | number | boolean | { readonly env: string } | { readonly hash: Readonly<Record<string, string>> };

/** `<name argument>` with its parameters, and the directives inside. */
export interface Directive {
  readonly name: string;
  /** A tag's pattern. */
  readonly argument?: string;
  readonly parameters: Readonly<Record<string, Value>>;
  readonly inside?: readonly Directive[];
}

const NAME = /^@?[a-z][a-z0-9_]*$/;
const ARGUMENT = /^[A-Za-z0-9_.*-]+$/;
const VARIABLE = /^[A-Z][A-Z0-9_]*$/;
// Tabs and newlines too: no value of ours needs one, and Fluentd's literals differ in what they make of them.
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Fluentd's syntax (docs.fluentd.org/configuration/config-file). Strings are single-quoted: in double quotes Fluentd evaluates
 * `#{...}` as Ruby. Throws at what would not come back as it was given.
 */
export const toFluentd = (directives: readonly Directive[]): string =>
  directives.map((directive) => rendered(directive, "")).join("\n");

function rendered({ name, argument, parameters, inside = [] }: Directive, indent: string): string {
  if (argument !== undefined && !ARGUMENT.test(argument)) throw new Error(`fluentd: <${name} ${argument}>`);
  const open = argument === undefined ? checked(name) : `${checked(name)} ${argument}`;
  const deeper = `${indent}  `;
  const lines = Object.entries(parameters).map(
    ([key, value]) => `${deeper}${checked(key)} ${literal(value)}\n`,
  );
  return [
    `${indent}<${open}>\n`,
    ...lines,
    ...inside.map((directive) => rendered(directive, deeper)),
    `${indent}</${name}>\n`,
  ].join("");
}

function checked(name: string): string {
  if (!NAME.test(name)) throw new Error(`fluentd: ${name} is no name`);
  return name;
}

function literal(value: Value): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return single(value);
  if ("env" in value) {
    if (!VARIABLE.test(value.env)) throw new Error(`fluentd: ${value.env} is no variable's name`);
    return `"#{ENV['${value.env}']}"`;
  }
  for (const text of Object.entries(value.hash).flat()) refused(text, /#\{/);
  return JSON.stringify(value.hash);
}

const single = (text: string): string => `'${refused(text).replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

function refused(text: string, also?: RegExp): string {
  if (CONTROL.test(text) || also?.test(text) === true)
    throw new Error(`fluentd: cannot be written: ${JSON.stringify(text)}`);
  return text;
}
