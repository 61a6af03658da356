import { EdgeClient } from "../../../src/client/edge";
import type { Lab } from "../../../src/lab/lab";
import type { TenantId } from "../../../src/model/names";
import { route, type Sender } from "./load";

/** Renewed this long before it ends, as our agents do. */
const EARLY_MS = 60_000;

/** An agent's headers, with a token that is renewed in time. */
export function agentHeaders(lab: Lab, client: string): () => Promise<{ readonly authorization: string }> {
  let known: { readonly authorization: string; readonly until: number } | undefined;
  return async () => {
    if (known === undefined || Date.now() > known.until) {
      const asked = Date.now();
      known = { authorization: `Bearer ${await lab.token(client)}`, until: asked + 300_000 - EARLY_MS };
    }
    return { authorization: known.authorization };
  };
}

/** An agent of a tenant that sends by this route. */
export const agent = (lab: Lab, tenant: string, by = "otlp-http-logs"): Sender => ({
  tenant: tenant as TenantId,
  route: route(by),
  headers: agentHeaders(lab, `agent-${tenant}`),
});

/** Agents of all shipped tenants, by every way that agents have. */
export const agents = (lab: Lab): readonly Sender[] => [
  agent(lab, "mx"),
  agent(lab, "pe", "otlp-http-traces"),
  agent(lab, "co", "otlp-grpc-metrics"),
  agent(lab, "mx", "otlp-grpc-logs"),
  agent(lab, "pe", "loki-push"),
  agent(lab, "co", "prometheus-push"),
];

/** An answer, as far as a sender acts on it. */
export interface Answer {
  /** gRPC's code where there is one. */
  readonly status: number;
  readonly code: string;
  readonly retryAfter: string | undefined;
}

/** What the edge says when it cannot decide: wait, and send the same again. */
export const undecided = (code: string, retryAfter = "5"): Answer => ({ status: 503, code, retryAfter });

const LABELS = "/loki/api/v1/labels";

/** Reads, which the auth service decides: by Grafana's key for a tenant, unless other headers are given. */
export async function read(
  lab: Lab,
  headers: Readonly<Record<string, string>> = lab.grafana("mx"),
): Promise<Answer> {
  const answer = await patient(lab).ask("query", LABELS, { headers });
  return { status: answer.status, code: codeOf(answer.body), retryAfter: answer.headers["retry-after"] };
}

/** Waits longer than the edge does for anybody. */
const patient = (lab: Lab): EdgeClient => new EdgeClient(lab, { timeoutMs: 60_000 });

let marks = 0;
export const newMark = (): string => `fault_${process.pid}_${marks++}_end`;

/** Sends one item, and says also for which tenants it was stored. */
export async function write(
  lab: Lab,
  by: string,
  headers: Readonly<Record<string, string>>,
): Promise<Answer & { readonly stored: readonly (string | undefined)[] }> {
  const mark = newMark();
  const answer = await patient(lab).write(route(by), mark, headers);
  return {
    status: answer.grpcStatus ?? answer.status,
    code: codeOf(answer.body),
    retryAfter: answer.headers["retry-after"],
    stored: lab.stored({ contains: mark }).map(({ tenant }) => tenant),
  };
}

function codeOf(body: string): string {
  try {
    return (JSON.parse(body) as { code?: string }).code ?? "";
  } catch {
    return "";
  }
}
