import type { AuthorizationRequest, Decision, Judgement } from "../decision";
import { httpMethod, routeName } from "./attributes";
import type { TraceHeaders } from "./propagation";
import type { Tracing } from "./tracing";

/** A decision of ext_authz as a span. */
export function tracedDecision(
  tracing: Tracing,
  { method }: Pick<AuthorizationRequest, "method">,
  headers: TraceHeaders,
  judge: () => Promise<Judgement>,
): Promise<Judgement> {
  const attributes = { "http.request.method": httpMethod(method) };
  return tracing.request({ name: "authz", attributes, ...headers }, async (span) => {
    const judgement = await judge();
    const { decision, routes, credential, tenant } = judgement;
    span.set({
      "http.route": routeName(routes[0]?.id),
      "http.response.status_code": statusOf(decision),
      "atalaya.decision": decision.kind,
      "atalaya.code": decision.kind === "allow" ? undefined : decision.code,
      "atalaya.credential": credential,
      "atalaya.tenant": tenant,
    });
    return judgement;
  });
}

function statusOf(decision: Decision): number {
  switch (decision.kind) {
    case "allow":
      return 200;
    case "deny":
      return decision.status;
    case "undecided":
      return 503;
    default:
      return decision satisfies never;
  }
}
