import { ROUTES } from "./routes";
import { size, type Bytes } from "./units";

const writes = ROUTES.filter(({ right }) => "verb" in right && right.verb === "write");

/** The largest write that the edge lets through by any route: what the programs behind it are told to take, packed. */
export const LARGEST_WRITE = Math.max(...writes.map(({ limits }) => limits.body)) as Bytes;

/** The largest that it lets through to the shared collector, packed or not. */
export const LARGEST_OTLP = Math.min(
  ...writes.filter(({ upstream }) => upstream.startsWith("collector")).map(({ limits }) => limits.body),
) as Bytes;

/** The same when unpacked and marked: bounds what a small request can blow up to. */
export const LARGEST_UNPACKED = (4 * LARGEST_WRITE) as Bytes;

/** What may wait on an agent's disk, all signals together, where its tenant says nothing else. */
export const AGENT_DISK = size("4GiB");
/** Less, and a queue would not hold what its senders may send at once. */
export const SMALLEST_AGENT_DISK = size("256MiB");
