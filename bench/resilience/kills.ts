import { setTimeout as sleep } from "node:timers/promises";
import { waitUntil } from "../../test/servers";
import type { World } from "./world";
import type { Writers } from "./writers";

/** Milliseconds in which writes must go on after the master's end, stated in test/auth/redis/failover.real.test.ts as well. */
const FAILOVER = 30_000;

/** Kills the master, waits until everybody writes again, and brings it back as a replica. Returns how long that took, in milliseconds. */
export async function killMaster({ redis, stores }: World, all: readonly Writers[]): Promise<number> {
  const [store] = stores;
  if (store === undefined) throw new Error("there is no store");
  const master = await redis.masterOf(store);
  await redis.kill(master);
  const ended = performance.now();
  await waitUntil("writes of every kind after the failover", () => all.every(({ latest }) => latest > ended + 1_000), {
    timeoutMs: FAILOVER,
  }); // prettier-ignore
  const took = performance.now() - ended;
  await redis.run(master);
  // Sentinels that agreed on one failover wait a while before they agree on the next.
  await sleep(6_000);
  return took;
}
