import { createRoute, z } from "@hono/zod-openapi";
import { ROLES } from "../../model/roles";
import type { Api, TenantApiPorts } from "./context";
import { guarded } from "./guard";
import { RIGHTS } from "./identify";
import { json, problems } from "./openapi";
import { WHO_MAY } from "./permissions";

export const rightSchema = z
  .enum(RIGHTS)
  .openapi("Right", { description: "Signal and verb.", example: "logs:read" });

const meSchema = z
  .strictObject({
    kind: z.enum(["person", "agent", "service", "key"]),
    user: z.string().meta({ description: "A person's subject, a client's id or a key's." }),
    tenant: z.strictObject({ id: z.string(), org_id: z.string() }),
    role: z
      .enum(ROLES)
      .optional()
      .meta({ description: "Of a person in this tenant; operators may have none." }),
    rights: z.array(rightSchema).meta({ description: "What can be passed on to an API key at most." }),
    scopes: z.array(z.string()),
  })
  .openapi("Me", {
    example: {
      kind: "person",
      user: "5f1c2a34-0b7d-4c1e-9a55-3d2f1e0c9b8a",
      tenant: { id: "mx", org_id: "tenant-mx" },
      role: "viewer",
      rights: ["metrics:read", "logs:read", "traces:read"],
      scopes: [],
    },
  });

export function addUsers(api: Api, ports: TenantApiPorts): void {
  const me = createRoute({
    method: "get",
    path: "/api/users/me",
    operationId: "getMe",
    tags: ["You"],
    summary: "Who you are",
    description: WHO_MAY.look,
    middleware: guarded(ports, { permission: "look" }),
    responses: { 200: json(meSchema, "What the credential says."), ...problems() },
  });
  api.openapi(me, (c) => {
    const { kind, user, tenant, role, rights, scopes } = c.var.principal;
    const { id, orgId: org_id } = tenant;
    return c.json(
      { kind, user, tenant: { id, org_id }, ...(role && { role }), rights: [...rights], scopes: [...scopes] },
      200,
    );
  });
}
