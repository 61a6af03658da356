/** Changes in words, still without any format: a terminal, a comment and a page draw the same story. */
export interface Story {
  readonly title: string;
  /** A few sentences: the verdict. */
  readonly summary: readonly Item[];
  /** The most important first. None is empty. */
  readonly sections: readonly Section[];
}

export type Tone = "danger" | "warning" | "good" | "plain";

export interface Section {
  readonly id: SectionId;
  readonly title: string;
  readonly items: readonly Item[];
  /** How many things it is about, where its items are not them. */
  readonly count?: number;
  /** Only who wants to know more reads it. */
  readonly detail: boolean;
}

export type SectionId =
  | "risks"
  | "refusals"
  | "violations"
  | "tenants"
  | "environment"
  | "processes"
  | "warnings"
  | "policies"
  | "resources"
  | "files"
  | "outputs";

export interface Item {
  readonly text: string;
  readonly tone: Tone;
  /** What belongs to it, a line each. */
  readonly details: readonly string[];
}

export const item = (text: string, tone: Tone = "plain", details: readonly string[] = []): Item => ({
  text,
  tone,
  details,
});

/** `1 agent`, `2 agents`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** At most so many are named in a sentence. */
const NAMED = 8;

/** `a, b and c`; of many the first and how many more there are. */
export function listed(names: readonly string[], most = NAMED): string {
  const shown = names.length > most ? [...names.slice(0, most), `${names.length - most} more`] : names;
  const last = shown.at(-1) ?? "";
  return shown.length < 2 ? last : `${shown.slice(0, -1).join(", ")} and ${last}`;
}

/** `México (mx)`. */
export const called = ({ id, name }: { readonly id: string; readonly name: string }): string =>
  `${name} (${id})`;

/** Begins with a capital and ends with a full stop. Ids keep their case. */
export const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
