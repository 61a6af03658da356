import type { Thing, World } from "./world";

export type Fields = Readonly<Record<string, unknown>>;

/** Names of what a resource must be given. */
export type RequiredKeys<Args> = {
  [K in keyof Args]-?: undefined extends Args[K] ? never : K;
}[keyof Args] &
  string;

/**
 * A resource type as its real provider treats it. `Args` are the npm package's, so that the names here are those of the
 * pinned version and no required one is forgotten. A list counts as changed when its order does, which the real ones take
 * more lightly: what passes here passes there.
 */
export interface Table<Args> {
  readonly required: Readonly<Record<RequiredKeys<Args>, true>>;
  /** A change of these replaces the resource (ForceNew, RequiresReplace). All others are updated in place. */
  readonly replacedBy: readonly (keyof Args & string)[];
  /**
   * Whether the old one goes before the new one comes; for the Terraform bridge also the property by which it would name the
   * resource itself, where the program has named it.
   */
  readonly deletedFirst?: true | (keyof Args & string);
  /** Read at creation and never compared again. */
  readonly onlyAtCreation?: readonly (keyof Args & string)[];
  /** Outputs that the schema calls sensitive, by path. */
  readonly sensitive?: readonly string[];
  /** What the server makes of it besides what it is given, unless that is given. */
  readonly computed?: Readonly<Record<string, (inputs: Fields, id: string, world: World) => unknown>>;
  readonly id: (inputs: Fields, world: World) => string;
  /** The server refuses a second one of this name. */
  readonly unique?: (inputs: Fields) => string;
  /** The server takes what is there already instead. */
  readonly adopts?: true;
  /** Inputs as the provider completes them. */
  readonly complete?: (inputs: Fields) => Fields;
  /** What keeps the server from making it. */
  readonly refuses?: (inputs: Fields, world: World) => string | undefined;
  /** What keeps the server from deleting it. */
  readonly keeps?: (thing: Thing, world: World) => string | undefined;
  /** What else is gone when it is. */
  readonly gone?: (thing: Thing, world: World) => void;
}

/** Without the type of its arguments. */
export type AnyTable = Omit<Table<Fields>, "required" | "replacedBy" | "deletedFirst" | "onlyAtCreation"> & {
  readonly required: Readonly<Record<string, true>>;
  readonly replacedBy: readonly string[];
  readonly deletedFirst?: true | string;
  readonly onlyAtCreation?: readonly string[];
};

/** By type token: `docker:index/container:Container`. */
export type Tables = Readonly<Record<string, AnyTable>>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** The objects of a list. */
export const entries = (value: unknown): readonly Fields[] =>
  Array.isArray(value) ? value.filter((entry) => isFields(entry)) : [];
