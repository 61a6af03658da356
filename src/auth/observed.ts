import { Counter, Gauge, type Registry } from "prom-client";
import { REFUSAL_RESULTS } from "./decisions/recorder";
import type { Management } from "./management";
import { SPAN_RESULTS, type SpanCounts } from "./tracing/counts";

/** Of every metric's name. */
export const PREFIX = "atalaya_auth_";

/** What is asked for when metrics are. */
export interface Observed {
  /** Seconds; undefined while Keycloak never gave its keys. */
  readonly keysAge: () => number | undefined;
  readonly cachedTokens: () => number;
  readonly droppedLines: () => number;
  /** Left out where there is no store. */
  readonly management?: Pick<Management, "up" | "refusals" | "backlog"> | undefined;
  readonly spans: () => SpanCounts;
  readonly files: Readonly<
    Record<string, { readonly lastSuccess: number | undefined; readonly refusals: number }>
  >;
}

/** Registers what is asked for at the moment of a scrape. */
export function observe(
  registry: Registry,
  { keysAge, cachedTokens, droppedLines, management, spans, files }: Observed,
): void {
  const registers = [registry];
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name: `${PREFIX}${name}`,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  };
  // Keys that were never had are older than any bound, so that an alert on their age sees them.
  const age = (): number => keysAge() ?? Number.POSITIVE_INFINITY;
  gauge("jwks_age_seconds", "Since Keycloak last gave its keys; infinite while it never did.", age);
  gauge("token_cache_entries", "Verified tokens that are kept.", cachedTokens);
  if (management !== undefined) observeManagement(registry, management);
  new Counter({
    name: `${PREFIX}log_lines_dropped_total`,
    help: "Log lines that nobody took.",
    registers,
    collect() {
      this.reset();
      this.inc(droppedLines());
    },
  });
  new Counter({
    name: `${PREFIX}trace_spans_total`,
    help: "Spans that should have been exported, by what became of them.",
    labelNames: ["result"] as const,
    registers,
    collect() {
      this.reset();
      const counts = spans();
      for (const result of SPAN_RESULTS) this.inc({ result }, counts[result]);
    },
  });
  const labelNames = ["file"] as const;
  new Gauge({
    name: `${PREFIX}live_file_last_success_timestamp_seconds`,
    help: "When the file was last seen to be what is in force.",
    labelNames,
    registers,
    collect() {
      for (const [file, { lastSuccess }] of Object.entries(files)) this.set({ file }, lastSuccess ?? 0);
    },
  });
  new Counter({
    name: `${PREFIX}live_file_refusals_total`,
    help: "Versions of the file that were not taken, and times that it went missing.",
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const [file, { refusals }] of Object.entries(files)) this.inc({ file }, refusals);
    },
  });
}

function observeManagement(
  registry: Registry,
  { up, refusals, backlog }: NonNullable<Observed["management"]>,
): void {
  const registers = [registry];
  new Gauge({
    name: `${PREFIX}redis_up`,
    help: "Whether Redis is connected to, and is the master.",
    registers,
    collect() {
      this.set(Number(up()));
    },
  });
  new Counter({
    name: `${PREFIX}refusal_records_total`,
    help: "Refusals that operators may ask for, by what became of their record; all but kept and repeated are not there.",
    labelNames: ["result"] as const,
    registers,
    collect() {
      this.reset();
      const counts = refusals();
      for (const result of REFUSAL_RESULTS) this.inc({ result }, counts[result]);
    },
  });
  // Both are not a number while Redis is away: nobody knows then, and 0 would look well.
  new Gauge({
    name: `${PREFIX}audit_backlog_age_seconds`,
    help: "Since the oldest audit record that is not in Loki yet; 0 where there is none.",
    registers,
    async collect() {
      this.set((await backlog()).age);
    },
  });
  new Gauge({
    name: `${PREFIX}audit_backlog_records`,
    help: "Audit records that are not in Loki yet, by state: failed ones are set aside for somebody to look at.",
    labelNames: ["state"] as const,
    registers,
    async collect() {
      const found = await backlog();
      for (const state of ["waiting", "active", "delayed", "failed"] as const)
        this.set({ state }, found[state]);
    },
  });
}
