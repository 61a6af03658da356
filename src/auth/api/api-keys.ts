import { createRoute, z } from "@hono/zod-openapi";
import type { Api, TenantApiPorts } from "./context";
import { opened, sealed } from "./cursors";
import { guarded, LARGEST_BODY } from "./guard";
import { json, jsonBody, next, pageQuery, problems } from "./openapi";
import { mayManage, WHO_MAY } from "./permissions";
import type { ApiKey, ApiKeys, Page, Principal } from "./ports";
import { Problem } from "./problems";
import { rightSchema } from "./users";

/** Seconds that a rotated key goes on working at most, where its owner does not say. */
const GRACE = 86_400;
const LONGEST_GRACE = 7 * GRACE;
/** Pages of the store that are looked through for one page of a caller who sees only some of the keys. */
const MOST_PAGES = 20;

const ID = /^key_[0-9a-z]{16}$/;
const idParameter = z.object({
  id: z
    .string()
    .regex(ID)
    .meta({ description: "The key's id, not the key.", example: "key_abcdefgh234567ab" }),
});
const time = z.iso.datetime({ offset: true });

const recordShape = {
  id: z.string(),
  label: z.string(),
  rights: z.array(rightSchema),
  created_by: z.string().meta({ description: "As `user` in `GET /api/users/me`." }),
  created_at: time,
  expires_at: time.optional(),
  last_used_at: time.optional().meta({ description: "To the minute." }),
  replaced_by: z.string().optional().meta({ description: "The id of the key that replaces this one." }),
  works_until: time
    .optional()
    .meta({ description: "Of a replaced key: until then, or until the new one was used." }),
};
const example = {
  id: "key_abcdefgh234567ab",
  label: "promtail in the warehouse",
  rights: ["logs:write" as const],
  created_by: "5f1c2a34-0b7d-4c1e-9a55-3d2f1e0c9b8a",
  created_at: "2026-11-02T09:30:00.000Z",
  expires_at: "2027-11-02T09:30:00.000Z",
};
const recordSchema = z.strictObject(recordShape).openapi("ApiKey", { example });
const secretSchema = z
  .strictObject({
    key: z.string().meta({ description: "The key itself. It is shown this once." }),
    ...recordShape,
  })
  .openapi("NewApiKey", { example: { key: `atl_mx_${"x".repeat(36)}`, ...example } });
const listSchema = z.strictObject({ items: z.array(recordSchema), next }).openapi("ApiKeys", { example: { items: [example] } }); // prettier-ignore

const wantedSchema = z
  .strictObject({
    label: z
      .string()
      .regex(/^[^\u0000-\u001f\u007f]{1,100}$/)
      .refine((label) => label.isWellFormed(), "It holds half of a character.")
      .meta({ description: "What the key is for, to people." }),
    rights: z
      .array(rightSchema)
      .min(1)
      .max(6)
      .refine((rights) => new Set(rights).size === rights.length, "A right stands twice.")
      .meta({ description: "At most your own: `rights` of `GET /api/users/me`." }),
    expires_at: time
      .optional()
      .meta({ description: "In the future. Without it, the key works until it is deleted." }),
  })
  .openapi("WantedApiKey", {
    example: {
      label: "promtail in the warehouse",
      rights: ["logs:write"],
      expires_at: "2099-01-01T00:00:00Z",
    },
  });

const rotationSchema = z
  .strictObject({
    grace_seconds: z
      .int()
      .min(0)
      .max(LONGEST_GRACE)
      .default(GRACE)
      .meta({ description: "How long the old key works beside the new one at most." }),
  })
  .openapi("Rotation", { example: { grace_seconds: 3_600 } });

const shownKey = (key: ApiKey) => ({
  id: key.id,
  label: key.label,
  rights: [...key.rights],
  created_by: key.createdBy,
  created_at: key.createdAt,
  ...(key.expiresAt !== undefined && { expires_at: key.expiresAt }),
  ...(key.lastUsedAt !== undefined && { last_used_at: key.lastUsedAt }),
  ...(key.replacedBy !== undefined && { replaced_by: key.replacedBy }),
  ...(key.worksUntil !== undefined && { works_until: key.worksUntil }),
});

export function addApiKeys(api: Api, ports: TenantApiPorts): void {
  addCreate(api, ports);
  addList(api, ports);
  addOne(api, ports);
  addRotate(api, ports);
}

const tags = ["API keys"];
const path = "/api/api-keys";

function addCreate(api: Api, ports: TenantApiPorts): void {
  const { keys, now = () => new Date() } = ports;
  const create = createRoute({
    ...{ method: "post", path, operationId: "createApiKey", tags },
    summary: "Make a key",
    description: `${WHO_MAY.create_keys} The answer holds the key itself, this once: only a keyed hash of it is stored.`,
    middleware: guarded(ports, { permission: "create_keys", action: "create_api_key", body: LARGEST_BODY }),
    request: { body: jsonBody(wantedSchema) },
    responses: {
      201: json(secretSchema, "The new key."),
      ...problems("invalid_request", "invalid_json", "right_missing", "body_too_large", "unsupported_media_type", "store_unavailable", "storage_full"), // prettier-ignore
    },
  } as const);
  api.openapi(create, async (c) => {
    const { label, rights, expires_at } = c.req.valid("json");
    if (expires_at !== undefined && new Date(expires_at) <= now())
      throw new Problem("invalid_request", {
        errors: [{ in: "body", field: "expires_at", message: "It is not in the future." }],
      });
    mustHave(c.var.principal, rights);
    const expiresAt = expires_at === undefined ? {} : { expiresAt: new Date(expires_at).toISOString() };
    const { key, record } = await keys.create(c.var.principal, { label, rights, ...expiresAt });
    c.set("target", record.id);
    return c.json({ key, ...shownKey(record) }, 201, { location: `${path}/${record.id}` });
  });
}

function addList(api: Api, ports: TenantApiPorts): void {
  const list = createRoute({
    ...{ method: "get", path, operationId: "listApiKeys", tags },
    summary: "List keys",
    description: WHO_MAY.use_keys,
    middleware: guarded(ports, { permission: "use_keys", action: "list_api_keys" }),
    request: { query: z.strictObject(pageQuery) },
    responses: {
      200: json(listSchema, "A page of them, in a stable order."),
      ...problems("invalid_request", "invalid_cursor", "right_missing", "store_unavailable"),
    },
  } as const);
  api.openapi(list, async (c) => {
    const { cursor, limit } = c.req.valid("query");
    const { principal } = c.var;
    const of = ["keys", principal.tenant.orgId];
    const page = await visible(ports.keys, principal, opened(of, cursor), Number(limit));
    const more = sealed(of, page.next);
    return c.json({ items: page.items.map(shownKey), ...(more !== undefined && { next: more }) }, 200);
  });
}

/** A page of what this caller may see; shorter than asked where that is little among much, with the cursor to go on. */
async function visible(
  keys: ApiKeys,
  principal: Principal,
  from: string | undefined,
  limit: number,
): Promise<Page<ApiKey>> {
  const items: ApiKey[] = [];
  let cursor = from;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const wanted = { limit: limit - items.length, ...(cursor !== undefined && { cursor }) };
    const page = await keys.list(principal.tenant, wanted);
    items.push(...page.items.filter((key) => mayManage(principal, key)));
    cursor = page.next;
    if (cursor === undefined || items.length >= limit) break;
  }
  return { items, ...(cursor !== undefined && { next: cursor }) };
}

function addOne(api: Api, ports: TenantApiPorts): void {
  const at = { path: `${path}/{id}`, tags, request: { params: idParameter } } as const;
  const get = createRoute({
    ...{ ...at, method: "get", operationId: "getApiKey" },
    summary: "Look at a key",
    description: WHO_MAY.use_keys,
    middleware: guarded(ports, { permission: "use_keys", action: "get_api_key" }),
    responses: {
      200: json(recordSchema, "The key, without its secret."),
      ...problems("invalid_request", "right_missing", "not_found", "store_unavailable"),
    },
  } as const);
  api.openapi(get, async (c) => {
    const { id } = c.req.valid("param");
    c.set("target", id);
    return c.json(shownKey(await managed(ports, c.var.principal, id)), 200);
  });
  const remove = createRoute({
    ...{ ...at, method: "delete", operationId: "deleteApiKey" },
    summary: "Revoke a key",
    description: `${WHO_MAY.use_keys} Every replica refuses the key within 10 seconds.`,
    middleware: guarded(ports, { permission: "use_keys", action: "delete_api_key" }),
    responses: {
      204: { description: "It is revoked." },
      ...problems("invalid_request", "right_missing", "not_found", "store_unavailable"),
    },
  } as const);
  api.openapi(remove, async (c) => {
    const { id } = c.req.valid("param");
    c.set("target", id);
    await managed(ports, c.var.principal, id);
    if (!(await ports.keys.revoke(c.var.principal.tenant, id))) throw new Problem("not_found");
    return c.body(null, 204);
  });
}

function addRotate(api: Api, ports: TenantApiPorts): void {
  const rotate = createRoute({
    ...{ method: "post", path: `${path}/{id}/rotate`, operationId: "rotateApiKey", tags },
    summary: "Exchange a key for a new one",
    description: `${WHO_MAY.create_keys} The old key works until the new one was used, or until the grace is over.`,
    middleware: guarded(ports, { permission: "create_keys", action: "rotate_api_key", body: LARGEST_BODY }),
    request: { params: idParameter, body: jsonBody(rotationSchema) },
    responses: {
      201: json(secretSchema, "The new key."),
      ...problems("invalid_request", "invalid_json", "right_missing", "not_found", "body_too_large", "unsupported_media_type", "store_unavailable", "storage_full"), // prettier-ignore
    },
  } as const);
  api.openapi(rotate, async (c) => {
    const { id } = c.req.valid("param");
    c.set("target", id);
    const { principal } = c.var;
    // Who may do less than when the key was made gets no new one of it.
    mustHave(principal, (await managed(ports, principal, id)).rights);
    const made = await ports.keys.rotate(principal, id, c.req.valid("json").grace_seconds);
    if (made === undefined) throw new Problem("not_found");
    return c.json({ key: made.key, ...shownKey(made.record) }, 201, {
      location: `${path}/${made.record.id}`,
    });
  });
}

/** The key, if it is this caller's business. */
async function managed({ keys }: TenantApiPorts, principal: Principal, id: string): Promise<ApiKey> {
  const key = await keys.get(principal.tenant, id);
  if (key === undefined || !mayManage(principal, key)) throw new Problem("not_found");
  return key;
}

function mustHave(principal: Principal, rights: ApiKey["rights"]): void {
  const beyond = rights.filter((right) => !principal.rights.includes(right));
  if (beyond.length === 0) return;
  throw new Problem("right_missing", {
    detail: `You have no right to ${beyond.join(", ")} yourself, so no key of yours can have it.`,
  });
}
