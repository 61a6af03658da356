import { createRoute, z } from "@hono/zod-openapi";
import { AUDIT_ACTIONS, AUDIT_OUTCOMES, type AuditQuery, type AuditReader, type AuditRecord, RangeTooLong } from "./audit"; // prettier-ignore
import type { Api, TenantApiPorts } from "./context";
import { opened, sealed } from "./cursors";
import { guarded } from "./guard";
import { json, next, pageQuery, problems } from "./openapi";
import { WHO_MAY } from "./permissions";
import { Problem } from "./problems";

const moment = (description: string) =>
  z.iso
    .datetime({ offset: true })
    // Before the first record, and before numbers of nanoseconds have another length.
    .refine((text) => text >= "2002" && text < "2200", "It is not a time of this age.")
    .optional()
    .meta({ description, example: "2026-11-02T09:30:00.000Z" });

const querySchema = z.strictObject({
  ...pageQuery,
  action: z.enum(AUDIT_ACTIONS).optional().meta({ description: "Only these acts." }),
  from: moment("Acts at this time and later; without it, of the seven days before `to`."),
  to: moment("Acts before this time."),
});

const recordSchema = z
  .strictObject({
    id: z.string().meta({ description: "Of the record. One that came twice has one id." }),
    time: z.iso.datetime({ offset: true }),
    action: z.enum(AUDIT_ACTIONS),
    tenant: z.string().optional(),
    user: z.string().optional().meta({ description: "As `user` in `GET /api/users/me`." }),
    outcome: z.enum(AUDIT_OUTCOMES).meta({
      description:
        "`denied`: no right to it. `refused`: the request was not good, or met another state. `failed`: we could not.",
    }),
    request_id: z.string(),
    target: z.string().optional().meta({ description: "The data's key, or the API key's id." }),
  })
  .openapi("AuditRecord", {
    example: {
      id: "1793612600123004711-0f1e2d3c4b5a",
      time: "2026-11-02T09:30:00.123Z",
      action: "update_key",
      tenant: "tenant-mx",
      user: "5f1c2a34-0b7d-4c1e-9a55-3d2f1e0c9b8a",
      outcome: "success",
      request_id: "7d3a1c52-1f0e-4f8c-a0a6-0a4b8f3a6c11",
      target: "thresholds.cpu",
    },
  });
const pageSchema = z.strictObject({ items: z.array(recordSchema), next }).openapi("AuditRecords", { example: { items: [] } }); // prettier-ignore

const shownRecord = ({ requestId, tenant, user, ...record }: AuditRecord) => ({
  ...record,
  ...(tenant !== undefined && { tenant }),
  ...(user !== undefined && { user }),
  request_id: requestId,
});

export function addAudit(api: Api, ports: TenantApiPorts): void {
  const list = createRoute({
    ...{ method: "get", path: "/api/audit", operationId: "listAudit", tags: ["Audit"] },
    summary: "What was done",
    description: `${WHO_MAY.read_audit} An act stands here a moment after it was answered, and after a while of ours without its store.`,
    middleware: guarded(ports, { permission: "read_audit", action: "read_audit" }),
    request: { query: querySchema },
    responses: {
      200: json(
        pageSchema,
        "A page of records, the newest first. With `next` there may be more, also after a page that is not full.",
      ),
      ...problems("invalid_request", "invalid_cursor", "right_missing", "not_found", "store_unavailable"),
    },
  } as const);
  api.openapi(list, async (c) => {
    const { trail } = ports;
    if (trail === undefined) throw new Problem("not_found");
    const { cursor, limit, action, from, to } = c.req.valid("query");
    const { tenant } = c.var.principal;
    const of = ["audit", tenant.orgId, action ?? "", from ?? "", to ?? ""];
    const after = opened(of, cursor);
    const page = await read(trail, tenant, {
      limit: Number(limit),
      ...(after !== undefined && { cursor: after }),
      ...(action !== undefined && { action }),
      ...(from !== undefined && { from: new Date(from) }),
      ...(to !== undefined && { to: new Date(to) }),
    });
    const more = sealed(of, page.next);
    return c.json({ items: page.items.map(shownRecord), ...(more !== undefined && { next: more }) }, 200);
  });
}

async function read(trail: AuditReader, tenant: Parameters<AuditReader["read"]>[0], query: AuditQuery) {
  try {
    return await trail.read(tenant, query);
  } catch (error) {
    if (!(error instanceof RangeTooLong)) throw error;
    const message = "There is more time between this and `to` than may be asked for at once.";
    throw new Problem("invalid_request", { errors: [{ in: "query", field: "from", message }] });
  }
}
