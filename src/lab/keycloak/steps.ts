import type { Body } from "./fields";

/** Segments below `/admin`; one that is a made-up id stands for the real one. */
export type Path = readonly string[];

interface Declared {
  readonly urn: string;
  /** Never removed. */
  readonly protect: boolean;
}

/** Something in Keycloak: made where it is missing, changed where it differs. */
export interface ObjectStep extends Declared {
  readonly kind: "object";
  /** The id that the recording made up for it. */
  readonly id: string;
  /** Where it is made. */
  readonly collection: Path;
  /** Where it is under its own id, when not below the collection. */
  readonly items?: Path;
  /** The property of what is sent that no two of the collection share. */
  readonly key: string;
  /** Keycloak addresses it by its `key`, not by an id that it makes up. */
  readonly keyIsId?: true;
  /** Narrows the list in which it is looked for. */
  readonly query?: Readonly<Record<string, string>>;
  readonly body: Body;
  /** Said once, when it was just made: a first password. */
  readonly first?: { readonly path: string; readonly body: Body };
}

/** Which others belong to something. */
export interface SetStep extends Declared {
  readonly kind: "set";
  /** The list of members; a member is added and removed below it. */
  readonly members: Path;
  /** Names of `candidates`, or made-up ids. */
  readonly wanted: readonly string[];
  /** Where names are looked up. */
  readonly candidates?: Path;
  /** A list of the same owner in which no wanted one may be. */
  readonly rival?: Path;
  /** Members that are not wanted are removed. */
  readonly exhaustive: boolean;
}

/** One of a list that Keycloak reads and writes as a whole. */
export interface EntryStep extends Declared {
  readonly kind: "entry";
  /** What holds the list. */
  readonly document: Path;
  readonly list: string;
  readonly name: string;
  readonly body: Body;
}

export type Step = ObjectStep | SetStep | EntryStep;
