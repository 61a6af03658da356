/** Who may see whose data, as it must be and as it was seen. No printing, no requests: src/client/probes.ts asks. */

export interface MatrixTenant {
  readonly id: string;
  readonly state: "active" | "suspended";
}

/**
 * What `who` tried with the data of `whose`, both the same for one's own:
 * - `write` and `read`: with one's own credential alone;
 * - `readFor` and `writeFor`: with one's own credential and the other's `X-Scope-OrgID`;
 * - `planted`: what was sent by `writeFor` is looked for in the other's data, `landed`: in the writer's own.
 */
export type Way = "write" | "read" | "readFor" | "writeFor" | "planted" | "landed";

/** `done`: written, or found. `absent`: answered, and it is not there. `failed`: nobody can tell. */
export type Outcome = "done" | "absent" | "refused" | "failed";

export interface Observation {
  readonly who: string;
  readonly whose: string;
  readonly way: Way;
  /** By what: a route's id, and which form of the header. */
  readonly by: string;
  readonly outcome: Outcome;
  /** What was answered, where that says more: `503 authorization_unavailable`. */
  readonly detail?: string;
}

/** From best to worst. `unproven`: what was tried got no answer; `wrong`: not as it must be, without showing data. */
export const VERDICTS = ["right", "unproven", "wrong", "leak"] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface Finding extends Observation {
  readonly verdict: Exclude<Verdict, "right">;
  readonly words: string;
}

export interface Cell {
  readonly who: string;
  readonly whose: string;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
}

export interface Matrix {
  readonly tenants: readonly MatrixTenant[];
  /** Only pairs that were tried. */
  readonly cells: readonly Cell[];
  readonly findings: readonly Finding[];
  readonly worst: Verdict;
}

/** Compares what was seen with what must be. */
export function matrixOf(tenants: readonly MatrixTenant[], seen: readonly Observation[]): Matrix {
  const states = new Map(tenants.map(({ id, state }) => [id, state]));
  const groups = Map.groupBy(seen, ({ who, whose }) => `${who} ${whose}`);
  const cells = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => cellOf(group, states));
  const findings = cells.flatMap((cell) => cell.findings);
  return { tenants, cells, findings, worst: worstOf(cells) };
}

function cellOf(group: readonly Observation[], states: ReadonlyMap<string, MatrixTenant["state"]>): Cell {
  const [{ who, whose } = { who: "", whose: "" }] = group;
  const findings = group.flatMap((one) => {
    const judged = judge(one, states.get(who) === "suspended");
    return judged === undefined ? [] : [{ ...one, ...judged }];
  });
  return { who, whose, verdict: worstOf(findings), findings };
}

const worstOf = (all: readonly { readonly verdict: Verdict }[]): Verdict =>
  VERDICTS[Math.max(0, ...all.map(({ verdict }) => VERDICTS.indexOf(verdict)))] ?? "right";

type Judged = Pick<Finding, "verdict" | "words">;
const WRONG = (words: string): Judged => ({ verdict: "wrong", words });
const LEAK = (words: string): Judged => ({ verdict: "leak", words });

/** What is not as it must be about one observation, in words that follow the tenant's name. */
function judge(seen: Observation, suspended: boolean): Judged | undefined {
  const { who, whose, way, outcome } = seen;
  const own = who === whose;
  if (!own && outcome === "done" && way !== "writeFor" && way !== "landed") return LEAK(leakWords(seen));
  if (suspended) return judgeSuspended(seen);
  if (own) return outcome === "done" ? undefined : WRONG(`cannot ${way} its own data`);
  if (way === "landed" && outcome !== "failed")
    return outcome === "done" ? undefined : WRONG(`wrote with ${whose}'s X-Scope-OrgID, and it is nowhere`);
  if (outcome === "failed") return { verdict: "unproven", words: `got no answer about ${whose}` };
  if (way === "readFor" && outcome === "absent")
    return WRONG(`was not refused for asking with ${whose}'s X-Scope-OrgID`);
  return undefined;
}

/** What is answered to a key or a secret that nobody has: of the tenant it says nothing, for its own is known. */
const STRANGERS = /\b(key_invalid|unauthorized_client)\b/;

/** Whatever a suspended tenant tries is refused. */
function judgeSuspended({ way, outcome, who, whose, detail }: Observation): Judged | undefined {
  if (way === "planted") return undefined;
  if (outcome === "refused")
    return STRANGERS.test(detail ?? "")
      ? { verdict: "unproven", words: "is suspended, and what the outputs have is not its credential" }
      : undefined;
  if (outcome === "failed") return { verdict: "unproven", words: "is suspended, and got no answer" };
  const whom = who === whose ? "" : ` for ${whose}`;
  return WRONG(`is suspended, and may still ${way.startsWith("write") ? "write" : "read"}${whom}`);
}

function leakWords({ way, whose }: Observation): string {
  if (way === "read") return `reads ${whose}'s data with its own credential`;
  if (way === "readFor") return `reads ${whose}'s data by asking with X-Scope-OrgID`;
  return `writes with ${whose}'s X-Scope-OrgID, and ${whose} finds it`;
}

export interface Pair {
  readonly who: string;
  readonly whose: string;
}

export interface Plan {
  readonly pairs: readonly Pair[];
  /** Of how many pairs of different tenants there are. */
  readonly possible: number;
  /** How the pairs were chosen, when it is not all of them. */
  readonly rule?: string;
}

/** Up to here every tenant tries every other, and the matrix fits on a screen. */
export const MATRIX_LIMIT = 15;
/** Beyond it, so many others try each. */
export const TRIES = 4;

/**
 * Which tenants try whose data. Beyond {@link MATRIX_LIMIT} each is tried by {@link TRIES} others: its neighbours in the
 * alphabet, whose names are most alike, and two far from it; each also tries so many. `named`: every pair with one of them.
 */
export function planPairs(
  ids: readonly string[],
  { full = false, named = [] }: { readonly full?: boolean; readonly named?: readonly string[] } = {},
): Plan {
  const sorted = [...ids].sort();
  const possible = sorted.length * (sorted.length - 1);
  const all = (): readonly Pair[] =>
    sorted.flatMap((who) => sorted.filter((whose) => whose !== who).map((whose) => ({ who, whose })));
  if (named.length > 0) {
    const wanted = new Set(named);
    const pairs = all().filter(({ who, whose }) => wanted.has(who) || wanted.has(whose));
    return { pairs, possible, rule: `every pair with ${[...wanted].join(", ")}` };
  }
  if (full || sorted.length <= MATRIX_LIMIT) return { pairs: all(), possible };
  const { length } = sorted;
  const steps = [1, length - 1, Math.floor(length / 3), Math.floor((2 * length) / 3)];
  const pairs = sorted.flatMap((whose, index) =>
    steps.map((step) => ({ who: sorted[(index + step) % length] ?? "", whose })),
  );
  const rule = `each tenant by ${TRIES} others: its neighbours in the alphabet and two far from it; --full tries all`;
  return { pairs, possible, rule };
}
