import type { RenderedFile } from "../../model/files";
import type { Changes } from "../changes/types";
import type { Story } from "../changes/words/story";
import type { Evidence } from "../isolation/evidence";
import type { Plan } from "../plan";

/** All that the page is made of. */
export interface PageInput {
  readonly plan: Plan;
  /** With their contents: a plan has their digests only. */
  readonly files: readonly PageFile[];
  readonly evidence: Evidence;
  readonly comparison?: PageComparison;
}

export type PageFile = Pick<RenderedFile, "path" | "content">;

export interface PageComparison {
  readonly story: Story;
  readonly changes: Changes;
  /** `git ref origin/main (8dca796)`. */
  readonly label: string;
  /** As they were; undefined where nobody has them any more: of a saved plan. */
  readonly before?: readonly PageFile[];
}
