import { createRoute, z } from "@hono/zod-openapi";
import { explained } from "../decisions/reasons";
import { REQUEST_ID, refusalShape } from "../decisions/refusal";
import { KEPT } from "../decisions/store";
import type { Api, TenantApiPorts } from "./context";
import { guarded } from "./guard";
import { json, problems } from "./openapi";
import { WHO_MAY } from "./permissions";
import { Problem } from "./problems";

const shape = refusalShape;
const refusalSchema = z
  .strictObject({
    time: z.iso.datetime({ offset: true }),
    request_id: shape.request_id,
    method: shape.method,
    path: shape.path.meta({ description: "Without the query, and shortened." }),
    routes: shape.routes.meta({ description: "Routes of the edge, or the operation of this API." }),
    credential: shape.credential.meta({ description: "Its kind; `token` is one that was not verified." }),
    user: shape.user.meta({ description: "Once verified: as `user` in `GET /api/users/me`." }),
    tenant: shape.tenant.meta({ description: "Once verified: what the credential is good for." }),
    requested_tenant: shape.requested_tenant.meta({ description: "What the request named." }),
    outcome: shape.outcome.meta({ description: "`undecided`: answered 503, so that senders try again." }),
    code: shape.code.meta({ description: "As it was answered." }),
    reason: z.string().meta({ description: "What the code means and what to do, for people." }),
  })
  .openapi("Refusal", {
    example: {
      time: "2026-11-02T09:30:00.123Z",
      request_id: "7d3a1c52-1f0e-4f8c-a0a6-0a4b8f3a6c11",
      method: "GET",
      path: "/prometheus/api/v1/query",
      routes: ["mimir-query"],
      credential: "person",
      user: "5f1c2a34-0b7d-4c1e-9a55-3d2f1e0c9b8a",
      requested_tenant: "tenant-pe",
      outcome: "deny",
      code: "tenant_denied",
      reason: explained("tenant_denied"),
    },
  });

const BOUNDS = [
  `Refusals of the last ${KEPT / 3_600_000} hours are kept, as many as there is room for; requests`,
  "that were allowed are not. What Envoy refused by itself (an agent's token, an unknown path, too many requests) is in Envoy's access log",
  "under the same request id.",
].join(" ");
const ABSENT = `Nothing is kept of this request. ${BOUNDS}`;

export function addDecisions(api: Api, ports: TenantApiPorts): void {
  const get = createRoute({
    ...{
      method: "get",
      path: "/api/decisions/{request_id}",
      operationId: "getDecision",
      tags: ["Decisions"],
    },
    summary: "Why a request was refused",
    description: `${WHO_MAY.see_decisions} The request may have been of any tenant, or of none. ${BOUNDS}`,
    middleware: guarded(ports, { permission: "see_decisions" }),
    request: {
      params: z.object({
        request_id: z.string().regex(REQUEST_ID).meta({
          description: "`request_id` of the refusal, or `X-Request-Id` of its answer.",
          example: "7d3a1c52-1f0e-4f8c-a0a6-0a4b8f3a6c11",
        }),
      }),
    },
    responses: {
      200: json(refusalSchema, "The refusal; a moment after it was answered."),
      ...problems("invalid_request", "right_missing", "not_found", "store_unavailable"),
    },
  } as const);
  api.openapi(get, async (c) => {
    const found = await ports.decisions?.find(c.req.valid("param").request_id);
    if (found === undefined) throw new Problem("not_found", { detail: ABSENT });
    return c.json({ ...found, reason: explained(found.code) }, 200);
  });
}
