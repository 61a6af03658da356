import type { Signal } from "./names";
import { ROUTES } from "./routes";
import { size, type Bytes } from "./units";

/** The largest write that the edge lets through on every route: what the programs behind it are told to take, packed. */
export const LARGEST_WRITE = Math.min(
  ...ROUTES.filter(({ right }) => "verb" in right && right.verb === "write").map(({ limits }) => limits.body),
) as Bytes;

/** The same when unpacked and marked: bounds what a small request can blow up to. */
export const LARGEST_UNPACKED = (4 * LARGEST_WRITE) as Bytes;

/**
 * What waits on an agent's disk at most, by signal: 2.5 GiB in all. Full, senders are told so (503). The files are as large
 * as the queues ever were, some 10 % more for their pages, until what is in them falls below 10 MiB and they are compacted.
 */
export const AGENT_QUEUE_BYTES: Readonly<Record<Signal, Bytes>> = {
  traces: size("1GiB"),
  metrics: size("512MiB"),
  logs: size("1GiB"),
};
