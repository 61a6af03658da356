/** Readers of values that could be anything: what a resource was given, what a file says. They never throw. */
export type Fields = Readonly<Record<string, unknown>>;

/** What stands where only a real engine knows the value. Two of them are never known to be equal. */
export const UNKNOWN = "preview:unknown";

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const fields = (value: unknown): Fields => (isFields(value) ? value : {});
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
/** A string that says something: providers give `""` for what was never set. */
export const filled = (value: unknown): string | undefined => (value === "" ? undefined : text(value));
/** The strings of a list; what is not a string is left out. */
export const texts = (value: unknown): readonly string[] =>
  list(value).filter((entry) => typeof entry === "string");

/** `at(config, "querier", "multi_tenant_queries_enabled")`; undefined as soon as a step is missing. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const key of path) here = fields(here)[key];
  return here;
}

export interface Leaf {
  /** `uploads[0].content`, in the notation of `ResourceRecord.secrets`. */
  readonly path: string;
  /** The last property name on the path. */
  readonly key: string;
  readonly value: unknown;
}

/** Pulumi's own notation of property paths: `labels["a.b"]`. */
function join(path: string, key: string): string {
  if (key === "" || /["[\].]/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** Everything below a value that is neither a list nor an object, depth first. */
export function* leaves(value: unknown, path = "", key = ""): Generator<Leaf> {
  if (Array.isArray(value)) {
    for (const [index, entry] of value.entries()) yield* leaves(entry, `${path}[${index}]`, key);
  } else if (isFields(value)) {
    for (const [name, entry] of Object.entries(value)) yield* leaves(entry, join(path, name), name);
  } else yield { path, key, value };
}

/** Whether a path is one of `secrets` or below one of them. */
export const isSecretPath = (path: string, secrets: readonly string[]): boolean =>
  secrets.some((secret) => path === secret || path.startsWith(`${secret}.`) || path.startsWith(`${secret}[`));

/** `Map.get` that makes what is missing. */
export function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** Runs once, at the first call. What throws is tried again and throws again. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
