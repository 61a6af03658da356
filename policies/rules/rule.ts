import type { Recording, ResourceRecord } from "../../src/model/recording";

/** One thing that must never be. Pure: the same recording gives the same violations, in preview, in tests and in an engine. */
export interface Rule {
  /** Stable, kebab-case; the file is named after it. */
  readonly name: string;
  /** One sentence: what must never be, and why. */
  readonly description: string;
  readonly check: (recording: Recording) => readonly Violation[];
}

export interface Violation {
  readonly resource: ResourceRecord;
  /** The tenant concerned, where there is one. */
  readonly tenant?: string;
  /** What is wrong, with the value that is. */
  readonly message: string;
  /** What to change, and where. */
  readonly remedy: string;
}
