import type { Html } from "./html";

/** Characters of markup that a part of the page may take. What comes when there is no more room is left out, and said. */
export class Room {
  constructor(private left: number) {}

  /** The markup, unless there is no more room. */
  take(make: () => Html): Html | undefined {
    if (this.left <= 0) return undefined;
    const made = make();
    this.left -= made.text.length;
    return made;
  }
}

/** The whole page stays below 10 MB, however many tenants there are: these together, and what has a fixed number of rows. */
export const ROOM = {
  tenants: 3_500_000,
  isolation: 2_000_000,
  contents: 1_500_000,
  differences: 1_500_000,
} as const;
