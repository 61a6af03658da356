import type { Observation, Outcome, Way } from "../client/tenant-matrix";
import type { Signal } from "../model/names";
import { ROUTES, type Verb } from "../model/routes";

/** What somebody could do with data of one signal, put together from all that he tried. */
export type Reach = "allowed" | "refused" | "unproven" | "untried";

const SIGNALS_BY_ROUTE: ReadonlyMap<string, Signal> = new Map(
  ROUTES.flatMap(({ id, right }) => ("signal" in right ? [[id, right.signal] as const] : [])),
);

/** By its route, which stands first in `by`: `otlp-http-logs, theirs|own`. */
export const signalOf = ({ by }: Pick<Observation, "by">): Signal | undefined =>
  SIGNALS_BY_ROUTE.get(by.split(",")[0] ?? "");

/** Reads that look for what somebody else wrote say nothing of what may be written, and the other way round. */
const VERB_OF: Readonly<Record<Way, Verb>> = {
  ...{ write: "write", writeFor: "write", planted: "write", landed: "write" },
  ...{ read: "read", readFor: "read" },
};
export const verbOf = ({ way }: Pick<Observation, "way">): Verb => VERB_OF[way];

/** Each way in words, for its own row. `who` and `whose` are the row's and the column's tenant. */
export const WAYS: Readonly<Record<Way, { readonly own: string; readonly other: string }>> = {
  write: { own: "writes with its own credential", other: "writes with its own credential" },
  read: { own: "looks for what it wrote", other: "looks for the other's data with its own credential" },
  readFor: { own: "", other: "asks with the other's X-Scope-OrgID, alone and with its own" },
  writeFor: { own: "", other: "writes with the other's X-Scope-OrgID" },
  planted: { own: "", other: "and the other looks for that" },
  landed: { own: "", other: "and the writer finds that among its own" },
};

const OUTCOMES: Readonly<Record<Outcome, readonly [reading: string, writing: string]>> = {
  done: ["found", "taken"],
  absent: ["not there", "not there"],
  refused: ["refused", "refused"],
  failed: ["no answer", "no answer"],
};

/** `found`, `taken`, `refused`, ... */
export const outcomeWord = ({ way, outcome }: Pick<Observation, "way" | "outcome">): string =>
  OUTCOMES[outcome][way === "write" || way === "writeFor" ? 1 : 0];

/** Of the observations of one pair and signal. */
export function reachOf(seen: readonly Observation[], verb: Verb): Reach {
  const ways = (...wanted: readonly Way[]) => seen.filter(({ way }) => wanted.includes(way));
  const own = seen.some(({ who, whose }) => who === whose);
  if (verb === "read") return sum(ways("read", "readFor"));
  if (own) return sum(ways("write"));
  const planted = ways("planted");
  if (planted.length > 0) return sum(planted);
  // Nobody could look for it: it was not taken, or the writer has it.
  const written = ways("writeFor");
  if (written.every(({ outcome }) => outcome === "refused")) return sum(written);
  const landed = ways("landed");
  return landed.length > 0 && landed.every(({ outcome }) => outcome === "done") ? "refused" : "unproven";
}

function sum(seen: readonly Observation[]): Reach {
  if (seen.length === 0) return "untried";
  if (seen.some(({ outcome }) => outcome === "done")) return "allowed";
  return seen.some(({ outcome }) => outcome === "failed") ? "unproven" : "refused";
}
