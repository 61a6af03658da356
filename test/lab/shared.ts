import { labInput } from "../../src/lab/declare";
import type { Lab } from "../../src/lab/lab";
import { startLab } from "../../src/lab/start";
import { openOrders, type Orders } from "./orders";

let shared: Promise<Lab> | undefined;
let opened: Promise<Orders> | undefined;

/** What the lab's environment adds to the edge. */
export const sharedOrders = (): Promise<Orders> => (opened ??= openOrders());

async function start(): Promise<Lab> {
  const { upstream } = await sharedOrders();
  const input = labInput("dev");
  return startLab({
    freePorts: true,
    input: { ...input, environment: { ...input.environment, upstreams: [upstream] } },
  });
}

/**
 * The lab that all files of test/lab use: they run in one process, one after the other (vitest.config.mts). It ends with that
 * process. Who breaks something in it mends it again.
 */
export const sharedLab = (): Promise<Lab> => (shared ??= start());
