import { beforeAll, expect, it } from "vitest";
import { EdgeClient } from "../../../src/client/edge";
import type { Lab } from "../../../src/lab/lab";
import { ROUTES } from "../../../src/model/routes";
import { waitUntil } from "../../servers";
import { sendItems } from "./items";
import type { Reading } from "./routes";

const TENANTS = ["mx", "pe"] as const;
/** What was taken is not shown at once. */
const SHOWN_MS = 30_000;

let run = 0;

/** The routes of the table by which something of this backend's is read. */
export const readsOf = (upstream: "loki" | "mimir" | "tempo"): readonly string[] =>
  ROUTES.filter(
    (route) => route.upstream === upstream && "signal" in route.right && route.right.verb === "read",
  )
    .map(({ id }) => id)
    .sort();

/** Each tenant writes, and reads by every route: his own is there, and nothing of the other's. */
export function readingTests(open: () => Promise<Lab>, readings: readonly Reading[]): void {
  let edge: EdgeClient;
  let lab: Lab;
  const words = { mx: "", pe: "" };
  beforeAll(async () => {
    lab = await open();
    edge = new EdgeClient(lab);
    run++;
    for (const tenant of TENANTS) {
      words[tenant] = `read_${tenant}_${process.pid}_${run}`;
      const statuses = await sendItems(edge, await lab.token(`agent-${tenant}`), words[tenant]);
      expect(statuses).toEqual([200, 200, 200, 204]);
    }
  }, 240_000);

  const ask = (of: Reading, who: keyof typeof words, whose: keyof typeof words) =>
    edge.ask("query", of.path(words[whose]), { headers: lab.grafana(who) });

  it.each(readings)(
    "$route",
    async (reading) => {
      let last = "";
      for (const who of TENANTS) {
        const other = who === "mx" ? "pe" : "mx";
        await waitUntil(
          `${who} to read by ${reading.route}`,
          async () => {
            const { status, body } = await ask(reading, who, who);
            last = `${status} ${body.slice(0, 500)}`;
            return status === 200 && (!reading.shows || body.includes(words[who]));
          },
          { timeoutMs: SHOWN_MS, everyMs: 300 },
        ).catch((error: unknown) => {
          throw new Error(`${(error as Error).message}: ${last}`);
        });
        const own = await ask(reading, who, who);
        const foreign = await ask(reading, who, other);
        expect(own.body).not.toContain(words[other]);
        expect(foreign.body).not.toContain(words[other]);
      }
    },
    90_000,
  );
}
