import type { DirectoryTenant } from "../../model/directory";
import type { AuditQuery, AuditRecord } from "../api/audit";
import type { Page } from "../api/ports";
import { Problem } from "../api/problems";
import { compare, type Loki } from "./loki";
import { type Found, readLine, type Seal } from "./record";

/** Milliseconds: what is looked through unless the query says it. */
const RANGE = 7 * 24 * 3_600_000;
/** Clocks differ. */
const AHEAD = 600_000;
/** Lines beyond a page that are asked for at once: some are second deliveries. */
const MORE = 20;
/** Lines of one question at most. Beyond so many of one nanosecond, which we never write, what is older is shown instead. */
export const MOST = 1_000;
/**
 * Nanoseconds that the first question looks back, and each further one: Loki looks through a range hour by hour, most pages are
 * filled by the newest hours, and there is a limit on the range of one query (31 days by default).
 */
const FIRST_LOOK = 6 * 3_600e9;
const FURTHER = 7 * 24 * 3_600e9;
/** Questions for one page; what was not looked through then, the next one begins with. */
const QUESTIONS = 5;

/** A line at its place in Loki. */
interface Item extends Found {
  readonly record: AuditRecord;
}

/** Where a page ended. Without an id: before all that stands at this time. */
interface Place {
  readonly at: string;
  readonly id: string;
}

/**
 * One page of a tenant's audit, the newest first. Of several deliveries of one record a page shows the newest. Throws
 * LokiUnavailable, RangeTooLong, and the problem `invalid_cursor`.
 */
export async function readTrail(
  loki: Loki,
  { orgId }: DirectoryTenant,
  { cursor, limit, action, ...range }: AuditQuery,
  seal: Seal,
): Promise<Page<AuditRecord>> {
  const after = cursor === undefined ? undefined : placeOf(cursor);
  const until = range.to?.getTime() ?? Date.now() + AHEAD;
  const from = nanoseconds(range.from?.getTime() ?? until - RANGE);
  let to = endOf(after, nanoseconds(until));
  let look = FIRST_LOOK;
  let ask = Math.min(limit + MORE, MOST);
  const items: Item[] = [];
  for (let question = 0; question < QUESTIONS && to > from; question++) {
    const start = later(from, shifted(to, -look));
    const lines = await loki.query(orgId, { ...(action && { action }), from: start, to, limit: ask });
    const whole = lines.length < ask;
    const complete = whole ? lines : completeOf(lines, ask);
    collect(
      items,
      recordsOf(complete, (line) => readLine(line, orgId, seal), after),
    );
    if (items.length > limit) return pageOf(items, limit);
    const end = whole ? start : complete.at(-1)?.at;
    if (whole) look = FURTHER;
    if (end === undefined) ask = Math.min(ask * QUESTIONS, MOST);
    else to = end;
  }
  const next = to > from ? { next: `${to}.` } : {};
  return { items: items.map(({ record }) => record), ...next };
}

/** Of the last one's time there may be more, which the next question brings, unless it may ask for no more. */
function completeOf(lines: readonly Found[], asked: number): readonly Found[] {
  const last = lines.at(-1)?.at;
  const complete = lines.filter(({ at }) => at !== last);
  return complete.length === 0 && asked === MOST ? lines : complete;
}

/** Ordered by time and id, from where the page before ended. */
const recordsOf = (
  lines: readonly Found[],
  read: (found: Found) => AuditRecord | undefined,
  after: Place | undefined,
) =>
  lines
    .flatMap((found): readonly Item[] => {
      const record = read(found);
      return record === undefined ? [] : [{ ...found, record }];
    })
    .filter(
      ({ at, record: { id } }) => after === undefined || at < after.at || (at === after.at && id < after.id),
    )
    .sort((one, other) => compare(other.at, one.at) || compare(other.record.id, one.record.id));

function collect(items: Item[], found: readonly Item[]): void {
  const known = new Set(items.map(({ record }) => record.id));
  for (const item of found) {
    if (!known.has(item.record.id)) items.push(item);
    known.add(item.record.id);
  }
}

function pageOf(items: readonly Item[], limit: number): Page<AuditRecord> {
  const shown = items.slice(0, limit);
  const last = shown.at(-1);
  const next = last === undefined ? {} : { next: `${last.at}.${last.record.id}` };
  return { items: shown.map(({ record }) => record), ...next };
}

function placeOf(cursor: string): Place {
  const [, at = "", id = ""] = /^([0-9]{19})\.([0-9a-f-]*)$/.exec(cursor) ?? [];
  // Whoever asks can make one himself: its sum is no secret.
  if (at === "") throw new Problem("invalid_cursor");
  return { at, id };
}

/** Before which there may be more. A cursor that somebody made himself leads no further than the query. */
function endOf(after: Place | undefined, until: string): string {
  if (after === undefined || after.at >= until) return until;
  return after.id === "" ? after.at : shifted(after.at, 1);
}

const nanoseconds = (milliseconds: number): string => `${milliseconds}000000`.padStart(19, "0");
const shifted = (at: string, by: number): string => `${BigInt(at) + BigInt(by)}`.padStart(19, "0");
const later = (one: string, other: string): string => (one > other ? one : other);
