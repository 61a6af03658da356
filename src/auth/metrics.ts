import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { LOOKUP_RESULTS, type LookupResult } from "./api-keys/lookup";
import type { Judgement } from "./decision";
import type { FetchResult } from "./key-store";

const PREFIX = "atalaya_auth_";
/** Seconds. Most decisions take a fraction of a millisecond; one that waits for Keycloak takes up to two seconds. */
const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 2.5];

/** What is asked for when metrics are. */
export interface Observed {
  /** Seconds; undefined while Keycloak never gave its keys. */
  readonly keysAge: () => number | undefined;
  readonly cachedTokens: () => number;
  readonly droppedLines: () => number;
  /** Left out where there is no Redis. */
  readonly redisUp?: (() => boolean) | undefined;
  readonly files: Readonly<
    Record<string, { readonly lastSuccess: number | undefined; readonly refusals: number }>
  >;
}

export interface Metrics {
  /** @param seconds that it took */
  readonly decided: (judgement: Judgement, seconds: number) => void;
  readonly fetchedKeys: (result: FetchResult) => void;
  readonly lookedUp: (result: "hit" | "miss") => void;
  readonly lookedUpKey: (result: LookupResult) => void;
  readonly observe: (observed: Observed) => void;
  readonly text: () => Promise<string>;
  readonly contentType: string;
  readonly close: () => void;
}

/** Nothing here names a tenant, a client or a person: labels are few, and whoever reads metrics need not know them. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: PREFIX });
  const decisions = new Counter({
    name: `${PREFIX}decisions_total`,
    help: "Decisions by outcome (allow, deny, undecided), code and kind of credential.",
    labelNames: ["outcome", "code", "credential"] as const,
    registers,
  });
  const duration = new Histogram({
    name: `${PREFIX}decision_duration_seconds`,
    help: "From the request's headers to the decision.",
    buckets: BUCKETS,
    registers,
  });
  const fetches = new Counter({
    name: `${PREFIX}jwks_fetches_total`,
    help: "Fetches of Keycloak's keys by result: failed is no answer, refused is one without usable keys.",
    labelNames: ["result"] as const,
    registers,
  });
  const lookups = new Counter({
    name: `${PREFIX}token_cache_lookups_total`,
    help: "Tokens looked for among the verified ones, by result.",
    labelNames: ["result"] as const,
    registers,
  });
  const keys = new Counter({
    name: `${PREFIX}key_lookups_total`,
    help: "Self-service keys by where the answer came from: stale while Redis is away, unknown when there was none.",
    labelNames: ["result"] as const,
    registers,
  });
  for (const result of LOOKUP_RESULTS) keys.inc({ result }, 0);
  for (const result of ["replaced", "unchanged", "failed", "refused"]) fetches.inc({ result }, 0);
  for (const result of ["hit", "miss"]) lookups.inc({ result }, 0);
  return {
    decided: ({ decision, credential }, seconds) => {
      const code = decision.kind === "allow" ? "" : decision.code;
      decisions.inc({ outcome: decision.kind, code, credential });
      duration.observe(seconds);
    },
    fetchedKeys: (result) => {
      fetches.inc({ result });
    },
    lookedUp: (result) => {
      lookups.inc({ result });
    },
    lookedUpKey: (result) => {
      keys.inc({ result });
    },
    observe: (observed) => {
      observe(registry, observed);
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
    close: () => {
      registry.clear();
    },
  };
}

function observe(
  registry: Registry,
  { keysAge, cachedTokens, droppedLines, redisUp, files }: Observed,
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
  if (redisUp !== undefined)
    gauge("redis_up", "Whether Redis is connected to, and is the master.", () => Number(redisUp()));
  new Counter({
    name: `${PREFIX}log_lines_dropped_total`,
    help: "Log lines that nobody took.",
    registers,
    collect() {
      this.reset();
      this.inc(droppedLines());
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
