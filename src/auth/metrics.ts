import { collectDefaultMetrics, Counter, Histogram, Registry } from "prom-client";
import { LOOKUP_RESULTS, type LookupResult } from "./api-keys/lookup";
import type { Answered } from "./api/context";
import type { Judgement } from "./decision";
import type { FetchResult } from "./key-store";
import { observe, type Observed, PREFIX } from "./observed";
import type { PushResult } from "./trail/loki";

/** Seconds. Most decisions take a fraction of a millisecond; one that waits for Keycloak takes up to two seconds. */
const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 2.5];
/** Seconds. Most operations ask Redis once or twice; a token is Keycloak's work. */
const API_BUCKETS = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface Metrics {
  /** @param seconds that it took */
  readonly decided: (judgement: Judgement, seconds: number) => void;
  /** An answer of the tenant API. */
  readonly answered: (answer: Answered) => void;
  readonly fetchedKeys: (result: FetchResult) => void;
  readonly lookedUp: (result: "hit" | "miss") => void;
  readonly lookedUpKey: (result: LookupResult) => void;
  /** How a delivery of an audit record to Loki ended. */
  readonly pushed: (result: PushResult) => void;
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
  const pushes = new Counter({
    name: `${PREFIX}audit_pushes_total`,
    help: "Deliveries of audit records to Loki, by how they ended: given_up are tenants' own copies.",
    labelNames: ["result"] as const,
    registers,
  });
  for (const result of ["taken", "late", "busy", "away", "refused", "given_up"]) pushes.inc({ result }, 0);
  for (const result of LOOKUP_RESULTS) keys.inc({ result }, 0);
  for (const result of ["replaced", "unchanged", "failed", "refused"]) fetches.inc({ result }, 0);
  for (const result of ["hit", "miss"]) lookups.inc({ result }, 0);
  return {
    decided: ({ decision, credential }, seconds) => {
      const code = decision.kind === "allow" ? "" : decision.code;
      decisions.inc({ outcome: decision.kind, code, credential });
      duration.observe(seconds);
    },
    answered: apiMetrics(registry),
    fetchedKeys: (result) => {
      fetches.inc({ result });
    },
    lookedUp: (result) => {
      lookups.inc({ result });
    },
    lookedUpKey: (result) => {
      keys.inc({ result });
    },
    pushed: (result) => {
      pushes.inc({ result });
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

/** Operations are those of the description, so labels are few here as well. */
function apiMetrics(registry: Registry): Metrics["answered"] {
  const registers = [registry];
  const requests = new Counter({
    name: `${PREFIX}api_requests_total`,
    help: "Answers of the tenant API by operation (none: no operation of its) and status.",
    labelNames: ["operation", "status"] as const,
    registers,
  });
  const duration = new Histogram({
    name: `${PREFIX}api_request_duration_seconds`,
    help: "From a request's headers to its answer in the tenant API, by operation.",
    labelNames: ["operation"] as const,
    buckets: API_BUCKETS,
    registers,
  });
  return ({ operation, status, seconds }) => {
    requests.inc({ operation, status });
    duration.observe({ operation }, seconds);
  };
}
