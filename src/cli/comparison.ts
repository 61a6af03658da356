import { compare } from "../preview/changes/compare";
import type { Changes } from "../preview/changes/types";
import { item, type Story } from "../preview/changes/words/story";
import { tell } from "../preview/changes/words/tell";
import { formatChangesMarkdown } from "../preview/changes-markdown";
import { formatChangesText } from "../preview/changes-text";
import type { Plan } from "../preview/plan";
import { emptyPlan } from "../preview/plan-file";
import { toJson } from "../render/yaml";
import type { Baseline } from "./baseline";
import { hasColor } from "./terminal";

/** What changes, and since when. */
export interface Comparison {
  readonly version: 1;
  readonly baseline: Omit<Baseline, "plan">;
  readonly changes: Changes;
}

export function compareWith({ plan, ...baseline }: Baseline, after: Plan): Comparison {
  return { version: 1, baseline, changes: compare(plan ?? emptyPlan(after), after) };
}

export interface ComparisonOptions {
  readonly format: "text" | "json" | "markdown";
  readonly whole: boolean;
}

export function formatComparison(comparison: Comparison, { format, whole }: ComparisonOptions): string {
  switch (format) {
    case "json":
      return toJson(comparison);
    case "markdown":
      return formatChangesMarkdown(storyOf(comparison));
    case "text": {
      const { columns, isTTY } = process.stdout;
      return formatChangesText(storyOf(comparison), { color: hasColor(), whole, ...(isTTY && { columns }) });
    }
    default:
      return format satisfies never;
  }
}

export function storyOf({ baseline, changes }: Comparison): Story {
  const story = tell(changes, baseline.label);
  return baseline.note === undefined
    ? story
    : { ...story, summary: [item(baseline.note, "warning"), ...story.summary] };
}
