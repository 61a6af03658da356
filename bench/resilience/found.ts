import { Loki } from "../../src/auth/trail/loki";
import type { World } from "./world";
import { TENANTS, pages } from "./world";

export interface Found {
  /** Request ids of the records that the trail gives out again. */
  readonly ids: ReadonlySet<string>;
  /** Lines in Loki beyond one for each record. */
  readonly duplicates: number;
  /** Of these, how many do not say that they may be one. */
  readonly unmarked: number;
}

interface Line {
  readonly id: string;
  readonly redelivered?: true;
}

/** Reads all records back as the API does, and the lines themselves to see what came twice. */
export async function readBack({ trails, loki }: World): Promise<Found> {
  const [trail] = trails;
  if (trail === undefined) throw new Error("there is no trail");
  const ids = new Set<string>();
  const lines: Line[] = [];
  for (const tenant of TENANTS) {
    const from = new Date(Date.now() - 3_600_000);
    for await (const { requestId } of pages((cursor) => trail.read(tenant, { limit: 100, from, ...cursor })))
      ids.add(requestId);
    lines.push(...(await rawLines(new Loki(loki.url, { push: 1_000, query: 10_000 }), tenant.orgId, from)));
  }
  const byId = Map.groupBy(lines, ({ id }) => id);
  const extra = [...byId.values()].map((copies) => ({
    more: copies.length - 1,
    plain: copies.filter(({ redelivered }) => redelivered !== true).length,
  }));
  return {
    ids,
    duplicates: extra.reduce((sum, { more }) => sum + more, 0),
    // The first one of them is no duplicate.
    unmarked: extra.reduce((sum, { plain }) => sum + Math.max(0, plain - 1), 0),
  };
}

/** Loki's default limit of one answer is 5,000 lines. */
const MOST = 4_000;

async function rawLines(loki: Loki, owner: (typeof TENANTS)[number]["orgId"], since: Date): Promise<readonly Line[]> {
  const all: Line[] = [];
  const from = `${since.getTime()}000000`;
  let to = `${Date.now() + 60_000}000000`;
  for (;;) {
    const lines = await loki.query(owner, { from, to, limit: MOST });
    all.push(...lines.map(({ line }) => JSON.parse(line) as Line));
    const last = lines.at(-1);
    if (lines.length < MOST || last === undefined) return all;
    to = last.at;
  }
} // prettier-ignore
