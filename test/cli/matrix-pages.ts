import { formatMatrixPage } from "../../src/cli/matrix-page";
import {
  matrixOf,
  planPairs,
  type MatrixTenant,
  type Observation,
  type Outcome,
  type Pair,
} from "../../src/client/tenant-matrix";

const SIGNALS = ["metrics", "logs", "traces"];
export const ids = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `t${String(index).padStart(3, "0")}`);
export const active = (all: readonly string[]): readonly MatrixTenant[] =>
  all.map((id) => ({ id, state: "active" }));

const routeOf = (signal: string): string => `otlp-http-${signal}`;
export const own = (id: string, outcome: Outcome): readonly Observation[] =>
  SIGNALS.flatMap((signal) => {
    const common = { who: id, whose: id, by: routeOf(signal), outcome, detail: "200" };
    return [
      { ...common, way: "write" },
      { ...common, way: "read" },
    ];
  });
const apart = (pair: Pair): readonly Observation[] =>
  SIGNALS.flatMap((signal): readonly Observation[] => {
    const by = routeOf(signal);
    const denied = { outcome: "refused", detail: "403 tenant_denied" } as const;
    return [
      { ...pair, way: "read", by, outcome: "absent", detail: "200" },
      { ...pair, way: "readFor", by: `${by}, theirs`, ...denied },
      { ...pair, way: "readFor", by: `${by}, theirs|own`, ...denied },
      { ...pair, way: "writeFor", by, outcome: "done", detail: "200" },
      { ...pair, way: "planted", by, outcome: "absent", detail: "200" },
      { ...pair, way: "landed", by, outcome: "done", detail: "200" },
    ];
  });

interface Sample {
  readonly tenants: readonly MatrixTenant[];
  /** In place of what is as it must be about these. */
  readonly others?: readonly Observation[];
  readonly name?: string;
  readonly full?: boolean;
}

export function pageOf({ tenants, others = [], name = "the lab", full = false }: Sample): string {
  const plan = planPairs(
    tenants.map(({ id }) => id),
    { full },
  );
  const known = new Set(others.map(({ who, whose, way, by }) => JSON.stringify([who, whose, way, by])));
  const usual = [
    ...tenants.flatMap(({ id, state }) => own(id, state === "active" ? "done" : "refused")),
    ...plan.pairs.flatMap(apart),
  ].filter(({ who, whose, way, by }) => !known.has(JSON.stringify([who, whose, way, by])));
  const seen = [...usual, ...others];
  return formatMatrixPage({
    ...{ plan, seen, matrix: matrixOf(tenants, seen), name },
    endpoints: { "OTLP over HTTP, reads": "https://localhost:4318", Keycloak: "http://localhost:8090" },
    started: new Date("2026-11-21T20:15:03Z"),
    ended: new Date("2026-11-21T20:15:47Z"),
    routes: SIGNALS.map(routeOf),
  });
}

export const leak: Observation = {
  who: "mx",
  whose: "pe",
  way: "read",
  by: "otlp-http-logs",
  outcome: "done",
  detail: "200",
};
export const planted: Observation = {
  ...leak,
  who: "co",
  whose: "mx",
  way: "planted",
  by: "otlp-http-metrics",
};
export const silent: Observation = {
  ...leak,
  who: "co",
  whose: "pe",
  way: "readFor",
  by: "otlp-http-traces, theirs",
  outcome: "failed",
  detail: "503 unavailable",
};
/** Ends every kind of context that a page has, and hides or turns what follows. */
export const HOSTILE = `</script></style></title>--><script>alert(1)</script><img src=x onerror=alert(1)> "'\`=&amp; \${x} \u202egnihton\u200b\ufeff\u0000 \ud800`;
export const hostile = (count: number): string => {
  const tenants = active([HOSTILE, ...ids(count - 1)]);
  const bad = { ...leak, who: HOSTILE, whose: "t000", detail: HOSTILE };
  return pageOf({ tenants, name: HOSTILE, others: [bad] });
};
