import type { Recording } from "../../../src/model/recording";
import type { Editable } from "../environment";

/** One deliberate break of the real environment, and what the one rule that must claim it says. */
export interface Mutation {
  readonly what: string;
  readonly apply: (recording: Recording) => Recording;
  /** The first of its messages. */
  readonly messages: readonly string[];
  /** Whom the first of them concerns. */
  readonly tenant?: string;
}

/** By the rule that must claim them. */
export type Mutations = Readonly<Record<string, readonly Mutation[]>>;

/** A part of a document. */
export interface Block {
  [name: string]: unknown;
}

/** Sets inputs of a resource. */
export const set =
  (values: object) =>
  ({ inputs }: Editable): void => {
    Object.assign(inputs, values);
  };
