import type { Limits } from "./limits";
import type { Signal } from "./names";
import { AGENT_DISK, LARGEST_WRITE } from "./sizes";
import type { Agent } from "./tenant";
import { duration, type Bytes, type BytesPerSecond, type Seconds } from "./units";

type Disk = Pick<Agent, "disk">;

const SIGNALS: readonly Signal[] = ["traces", "metrics", "logs"];

/** A data point with four labels, as it waits: 141 were measured with a gauge. */
const SAMPLE_BYTES = 140;
/** Longer than that nobody leaves an edge alone. */
const LONGEST = duration("1d");
/** However little a signal may send: what two requests of the largest size hold. */
const SMALLEST_QUEUE = 2 * LARGEST_WRITE;

/** What a tenant may send in a second, in bytes on the disk of an agent that sends all of it. */
const rates = ({ metrics, logs, traces }: Limits): Readonly<Record<Signal, BytesPerSecond>> => ({
  traces: traces.ingest,
  metrics: (metrics.samples * SAMPLE_BYTES) as BytesPerSecond,
  logs: logs.ingest,
});

/**
 * What waits on an agent's disk at most, by signal: its disk, shared out by what the tenant's limits let each of them send, so that
 * all last equally long, and no more than a day of it. Full, senders are told so (503). The files are as large as the queues
 * ever were, some 10 % more for their pages, until what is in them falls below 10 MiB and they are compacted.
 */
export function queueSizes(limits: Limits, { disk = AGENT_DISK }: Disk): Readonly<Record<Signal, Bytes>> {
  const rate = rates(limits);
  const all = SIGNALS.reduce((sum, signal) => sum + rate[signal], 0);
  const shared = Math.max(0, disk - SIGNALS.length * SMALLEST_QUEUE);
  const size = (signal: Signal): Bytes =>
    Math.floor(SMALLEST_QUEUE + Math.min(LONGEST * rate[signal], (shared * rate[signal]) / all)) as Bytes;
  return { traces: size("traces"), metrics: size("metrics"), logs: size("logs") };
}

/** How long an agent that sends at `share` of its tenant's limits keeps everything while nobody takes it. */
export function queueLasts(limits: Limits, agent: Disk, share = 1): Seconds {
  const rate = rates(limits);
  const sizes = queueSizes(limits, agent);
  return Math.floor(Math.min(...SIGNALS.map((signal) => sizes[signal] / (rate[signal] * share)))) as Seconds;
}

/** In hours, as people read them: `0.12 h`, `2.5 h`, `24 h`. */
const formatHours = (seconds: Seconds): string => {
  const hours = seconds / duration("1h");
  return `${Number(hours.toPrecision(2))} h`;
};

/** For how long it keeps all that the limits let through, and a tenth of it. */
export const queueHours = (limits: Limits, agent: Disk): readonly [all: string, tenth: string] => [
  formatHours(queueLasts(limits, agent)),
  formatHours(queueLasts(limits, agent, 0.1)),
];

/** What an agent's queues are good for, in a sentence. */
export const queuesInWords = (limits: Limits, agent: Disk): string =>
  `While nobody takes it, an agent keeps ${queueHours(limits, agent).join(" of what its tenant's limits let through, ")} of a tenth of it.`;
