import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, it } from "vitest";
import { EdgeClient } from "../../../src/client/edge";
import { hasFound, searchPath } from "../../../src/client/searches";
import type { Lab } from "../../../src/lab/lab";
import { ROUTES, type Route } from "../../../src/model/routes";
import { waitUntil } from "../../servers";
import { outcomeOf } from "../faults/load";
import { writeMany } from "./many";

let count = 0;

const agentRoutes = (signal: "logs" | "metrics"): readonly Route[] =>
  ROUTES.filter(
    ({ verifier, right }) => verifier === "agentJwt" && "signal" in right && right.signal === signal,
  );

/**
 * `co` has small limits by volume, and the backend holds it to them: what is over them is refused in a form that senders try
 * again, is stored once it fits, and nobody else notices.
 *
 * @param fits items that `co` may send at once; three times as many it may not
 */
export function volumeTests(
  open: () => Promise<Lab>,
  signal: "logs" | "metrics",
  fits: number,
  bytes = 0,
): void {
  let lab: Lab;
  const tokens = { co: "", pe: "" };
  beforeAll(async () => {
    lab = await open();
    for (const tenant of ["co", "pe"] as const) tokens[tenant] = await lab.token(`agent-${tenant}`);
  }, 240_000);

  const marks = (items: number): readonly string[] =>
    Array.from({ length: items }, () => `vol_${process.pid}_${count++}`.padEnd(bytes, "_long"));
  const write = (route: Route, tenant: keyof typeof tokens, items: readonly string[]) =>
    writeMany(lab, route, items, tokens[tenant]);
  const finds = async (tenant: string, mark: string): Promise<boolean | undefined> => {
    const headers = lab.grafana(tenant);
    return hasFound(
      signal,
      mark,
      await new EdgeClient(lab).ask("query", searchPath(signal, mark), { headers }),
    );
  };

  it.each(agentRoutes(signal))(
    "by $id: too much is 429 (on remote write 503), or 14 over gRPC, and nothing of it is kept",
    async (route) => {
      const [tooMany, others] = [marks(3 * fits), marks(3 * fits)];
      const [refused, taken] = await Promise.all([write(route, "co", tooMany), write(route, "pe", others)]);
      const over = tooMuch(route);
      expect([outcomeOf(route, refused), outcomeOf(route, taken)]).toEqual([over, isGood(route)]);
      if (over !== 14) expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
      // It may be told of itself; names of other tenants and inner addresses are not its business.
      expect(refused.body).not.toMatch(/tenant-(?!co\b)|127\.0\.0\.1/);
      const [first = "", last = others.at(-1) ?? ""] = [others[0]];
      await waitUntil(
        "what pe sent",
        async () => (await finds("pe", first)) === true && (await finds("pe", last)) === true,
        { timeoutMs: 30_000, everyMs: 300 },
      );
      expect(await Promise.all(tooMany.slice(0, 3).map((mark) => finds("co", mark)))).toEqual([
        false,
        false,
        false,
      ]);
    },
    90_000,
  );

  it.each(agentRoutes(signal))(
    "by $id: what is tried again is stored, all of it",
    async (route) => {
      // A metric that is new takes room twice: as a sample, and by its name.
      const batches = Array.from({ length: 8 }, () => marks(Math.floor(fits / 4)));
      const refusals: (number | string)[] = [];
      for (const batch of batches)
        for (let tries = 0; ; tries++) {
          const outcome = outcomeOf(route, await write(route, "co", batch));
          if (outcome === isGood(route)) break;
          refusals.push(outcome);
          expect(tries).toBeLessThan(60);
          await sleep(250);
        }
      expect(refusals.length).toBeGreaterThan(0);
      expect(new Set(refusals)).toEqual(new Set([tooMuch(route)]));
      for (const mark of batches.flat())
        await waitUntil(mark, async () => (await finds("co", mark)) === true, {
          timeoutMs: 30_000,
          everyMs: 200,
        });
    },
    120_000,
  );
}

/** The outcome of a write that is over a limit. */
const tooMuch = (route: Route): number =>
  route.listeners.includes("otlpGrpc") ? 14 : (route.tooMuch ?? 429);

/** The outcome of a write that was taken. */
function isGood({ id, listeners }: Route): number {
  if (listeners.includes("otlpGrpc")) return 0;
  return id === "loki-push" ? 204 : 200;
}
