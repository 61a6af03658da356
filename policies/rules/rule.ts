import type { ResourceRecord } from "../../src/model/recording";
import type { Context } from "./context";

/** One thing that must never be. Pure: the same recording gives the same violations, in preview, in tests and in an engine. */
export interface Rule {
  /** Stable, kebab-case; the file is named after it. */
  readonly name: string;
  /** One sentence: what must never be, and why. */
  readonly description: string;
  /**
   * What an engine does not know before an update (`UNKNOWN`) is no violation: the offline preview knows it, and the update itself.
   * Linear in the number of resources. Finding nothing to check is a violation: an empty check would pass anything.
   */
  readonly check: (context: Context) => readonly Violation[];
}

export interface Violation {
  /** Absent where it is the environment as a whole: something is missing from it. */
  readonly resource?: ResourceRecord;
  /** The tenant concerned, where there is one and it is not the one that the resource is declared under. */
  readonly tenant?: string;
  /** What is wrong, with the value that is. Never a secret. */
  readonly message: string;
  /** What to change, and where. */
  readonly remedy: string;
}

/** What a rule reports that found nothing of what it is there to check: silence would pass an environment it cannot read. */
export const nothing = (what: string): Violation => ({
  message: `No ${what} was found in this environment, so nothing was checked.`,
  remedy: "If it is declared, teach the readers in policies/rules where it is; if not, it is missing.",
});
