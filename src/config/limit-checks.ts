import type { Limits, Plan, Retention } from "../model/limits";
import { duration, formatByteRate, formatDuration, formatRate, formatSize } from "../model/units";
import { valueAt, type Path, type Report } from "./report";

/** A bucket that is smaller than what flows into it in a second, or than the largest single thing, refuses everything. */
interface Rule {
  readonly path: readonly [keyof Limits, string];
  readonly atLeast: readonly [field: string, what: string];
  readonly value: number;
  readonly least: number;
  readonly show: (value: number) => string;
  readonly showLeast?: (value: number) => string;
}

const plain = (value: number): string => String(value);
const bytes = formatSize as (value: number) => string;

function rules({ edge, metrics, logs, traces }: Limits): readonly Rule[] {
  const second = "one second of";
  return [
    { path: ["edge", "burst"], atLeast: ["requests", second], value: edge.burst, least: edge.requests, show: plain },
    { path: ["metrics", "burst"], atLeast: ["samples", second], value: metrics.burst, least: metrics.samples, show: plain },
    { path: ["logs", "burst"], atLeast: ["ingest", second], value: logs.burst, least: logs.ingest, show: bytes },
    { path: ["logs", "burst"], atLeast: ["lineSize", "one line of"], value: logs.burst, least: logs.lineSize, show: bytes },
    { path: ["logs", "streamBurst"], atLeast: ["streamIngest", second], value: logs.streamBurst, least: logs.streamIngest, show: bytes },
    { path: ["traces", "burst"], atLeast: ["ingest", second], value: traces.burst, least: traces.ingest, show: bytes },
  ]; // prettier-ignore
}

/**
 * Limits that a backend would refuse, or with which it would refuse everything. `owner` is the tenant or the plan that the
 * file describes at `path`; only what it changed itself is reported, so that a faulty plan is one problem.
 */
export function checkLimits(
  report: Report,
  path: Path,
  { limits, retention }: Pick<Plan, "limits" | "retention">,
): void {
  for (const {
    path: [signal, field],
    atLeast: [other, what],
    value,
    least,
    show,
  } of rules(limits)) {
    if (value >= least) continue;
    const own = [field, other].filter(
      (name) => valueAt(report.source.value, [...path, "limits", signal, name]) !== undefined,
    );
    const culprit = own[0];
    if (culprit === undefined) continue;
    const message =
      culprit === field
        ? `is below ${what} ${signal}.${other} (${show(least)}), so that more than that is always refused`
        : `is above ${signal}.${field} (${show(value)}), so that more than that is always refused`;
    report.add(
      [...path, "limits", signal, culprit],
      message,
      `Raise ${signal}.${field} to at least ${show(least)}.`,
    );
  }
  checkLogRetention(report, path, retention);
}

const SHORTEST = duration("1d");

function checkLogRetention(report: Report, path: Path, { logs }: Retention): void {
  for (const [name, kept] of Object.entries(logs)) {
    const at = [...path, "retention", "logs", name];
    if (kept >= SHORTEST || valueAt(report.source.value, at) === undefined) continue;
    report.add(at, "is shorter than Loki can keep logs", `Write at least "${formatDuration(SHORTEST)}".`);
  }
}

/** How the items of an environment's capacity are printed. */
export const FORMAT_CAPACITY = {
  requests: formatRate,
  samples: formatRate,
  activeSeries: plain,
  logs: formatByteRate,
  traces: formatByteRate,
} as Readonly<Record<"requests" | "samples" | "activeSeries" | "logs" | "traces", (value: number) => string>>;
