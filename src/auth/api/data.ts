import { createRoute, z } from "@hono/zod-openapi";
import type { Api, TenantApiPorts } from "./context";
import { opened, sealed } from "./cursors";
import { conditionOf, hasAlready, quoted } from "./etags";
import { guarded, LARGEST_DATA, LARGEST_VALUE } from "./guard";
import { json, jsonBody, next, pageQuery, problems, withETag } from "./openapi";
import { WHO_MAY } from "./permissions";
import type { Condition, DataEntry, Principal } from "./ports";
import { Problem } from "./problems";

/** No slash, which would be another path, and nothing that is written in two ways: a key stands in a path as it is. */
const keySchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:@~-]{0,199}$/)
  .meta({
    description: "1 to 200 letters, digits and `. _ : @ ~ -`, of which the first is a letter or a digit.",
    example: "thresholds.cpu",
  });
const prefix = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:@~-]{0,199}$/)
  .optional()
  .meta({ description: "Only keys that begin so.", example: "thresholds." });

const valueSchema = z
  .unknown()
  // Left out is not null.
  .refine((value) => value !== undefined, "It is missing.")
  .meta({
    description: `Any JSON of at most ${LARGEST_VALUE} bytes. The body has 32 levels at most.`,
    example: { warn: 80, page: 95 },
  });

const metaShape = {
  key: keySchema,
  etag: z.string().meta({ description: "Of this version, as `If-Match` takes it." }),
  updated_at: z.iso.datetime({ offset: true }),
  updated_by: z.string().meta({ description: "As `user` in `GET /api/users/me`." }),
};
const example = {
  key: "thresholds.cpu",
  etag: '"4f2a"',
  updated_at: "2026-11-02T09:30:00.000Z",
  updated_by: "5f1c2a34-0b7d-4c1e-9a55-3d2f1e0c9b8a",
};
const value = { warn: 80, page: 95 };
const metaSchema = z.strictObject(metaShape).openapi("EntryVersion", { example });
const entrySchema = z.strictObject({ ...metaShape, value: valueSchema }).openapi("Entry", { example: { ...example, value } }); // prettier-ignore
const listSchema = z.strictObject({ items: z.array(metaSchema), next }).openapi("Entries", { example: { items: [example] } }); // prettier-ignore
const newSchema = z.strictObject({ key: keySchema, value: valueSchema }).openapi("NewEntry", { example: { key: example.key, value } }); // prettier-ignore
const putSchema = z.strictObject({ value: valueSchema }).openapi("EntryValue", { example: { value } });

const version = ({ key, etag, updatedAt, updatedBy }: Omit<DataEntry, "value">) => ({
  key,
  etag: quoted(etag),
  updated_at: updatedAt,
  updated_by: updatedBy,
});

const header = (description: string) =>
  z.string().max(2_048).optional().meta({ description, example: '"4f2a"' });
const writeHeaders = z.object({
  "if-match": header("Only this version is changed; without it, the last writer wins."),
  "if-none-match": z.string().max(2_048).optional().meta({ description: "`*`: only where there is nothing yet.", example: "*" }), // prettier-ignore
});
const tags = ["Data"];
const path = "/api/data";
const one = { path: `${path}/{key}`, tags } as const;
const params = z.object({ key: keySchema });

export function addData(api: Api, ports: TenantApiPorts): void {
  addCreate(api, ports);
  addGet(api, ports);
  addPut(api, ports);
  addDelete(api, ports);
  addList(api, ports);
}

function addCreate(api: Api, ports: TenantApiPorts): void {
  const create = createRoute({
    ...{ method: "post", path, operationId: "createEntry", tags },
    summary: "Store a new entry",
    description: WHO_MAY.write_data,
    middleware: guarded(ports, { permission: "write_data", action: "create_key", body: LARGEST_DATA }),
    request: { body: jsonBody(newSchema) },
    responses: {
      201: withETag(json(metaSchema, "It is stored.")),
      ...problems("invalid_request", "invalid_json", "right_missing", "already_exists", "body_too_large", "unsupported_media_type", "store_unavailable", "storage_full"), // prettier-ignore
    },
  } as const);
  api.openapi(create, async (c) => {
    const { key, value } = c.req.valid("json");
    c.set("target", key);
    const { entry } = await written(
      ports,
      c.var.principal,
      key,
      value,
      { ifNoneMatch: "*" },
      "already_exists",
    );
    return c.json(version(entry), 201, { etag: quoted(entry.etag), location: `${path}/${entry.key}` });
  });
}

async function written(
  { data }: TenantApiPorts,
  principal: Principal,
  key: string,
  value: unknown,
  condition: Condition,
  conflict: "already_exists" | "precondition_failed",
) {
  if (Buffer.byteLength(JSON.stringify(value)) > LARGEST_VALUE)
    throw new Problem("body_too_large", { detail: `The value has more than ${LARGEST_VALUE} bytes.` });
  const result = await data.put(principal, key, value, condition);
  switch (result.kind) {
    case "written":
      return result;
    case "conflict":
      throw new Problem(conflict);
    case "full":
      throw new Problem("storage_full");
    default:
      return result satisfies never;
  }
}

function addGet(api: Api, ports: TenantApiPorts): void {
  const get = createRoute({
    ...{ ...one, method: "get", operationId: "getEntry" },
    summary: "Read an entry",
    description: WHO_MAY.read_data,
    middleware: guarded(ports, { permission: "read_data", action: "get_key" }),
    request: {
      params,
      headers: z.object({ "if-none-match": header("The version that you have: then the answer is 304.") }),
    },
    responses: {
      200: withETag(json(entrySchema, "The entry.")),
      304: { description: "It is the version that you have." },
      ...problems("invalid_request", "right_missing", "not_found", "store_unavailable"),
    },
  } as const);
  api.openapi(get, async (c) => {
    const { key } = c.req.valid("param");
    c.set("target", key);
    const entry = await ports.data.get(c.var.principal.tenant, key);
    if (entry === undefined) throw new Problem("not_found");
    const etag = quoted(entry.etag);
    if (hasAlready(c.req.valid("header")["if-none-match"], entry.etag)) return c.body(null, 304, { etag });
    return c.json({ ...version(entry), value: entry.value as never }, 200, { etag });
  });
}

function addPut(api: Api, ports: TenantApiPorts): void {
  const put = createRoute({
    ...{ ...one, method: "put", operationId: "putEntry" },
    summary: "Store an entry",
    description: `${WHO_MAY.write_data} Without \`If-Match\`, the last writer wins.`,
    middleware: guarded(ports, { permission: "write_data", action: "update_key", body: LARGEST_DATA }),
    request: { params, headers: writeHeaders, body: jsonBody(putSchema) },
    responses: {
      200: withETag(json(metaSchema, "It is changed.")),
      201: withETag(json(metaSchema, "It is new.")),
      ...problems("invalid_request", "invalid_json", "right_missing", "precondition_failed", "body_too_large", "unsupported_media_type", "store_unavailable", "storage_full"), // prettier-ignore
    },
  } as const);
  api.openapi(put, async (c) => {
    const { key } = c.req.valid("param");
    c.set("target", key);
    const headers = c.req.valid("header");
    const condition = conditionOf(headers["if-match"], headers["if-none-match"]);
    const { value } = c.req.valid("json");
    const { entry, created } = await written(
      ports,
      c.var.principal,
      key,
      value,
      condition,
      "precondition_failed",
    );
    return c.json(version(entry), created ? 201 : 200, { etag: quoted(entry.etag) });
  });
}

function addDelete(api: Api, ports: TenantApiPorts): void {
  const remove = createRoute({
    ...{ ...one, method: "delete", operationId: "deleteEntry" },
    summary: "Remove an entry",
    description: WHO_MAY.write_data,
    middleware: guarded(ports, { permission: "write_data", action: "delete_key" }),
    request: { params, headers: writeHeaders.pick({ "if-match": true }) },
    responses: {
      204: { description: "It is removed." },
      ...problems(
        "invalid_request",
        "right_missing",
        "not_found",
        "precondition_failed",
        "store_unavailable",
      ),
    },
  } as const);
  api.openapi(remove, async (c) => {
    const { key } = c.req.valid("param");
    c.set("target", key);
    const condition = conditionOf(c.req.valid("header")["if-match"], undefined);
    const result = await ports.data.remove(c.var.principal, key, condition);
    if (result === "absent") throw new Problem("not_found");
    if (result === "conflict") throw new Problem("precondition_failed");
    return c.body(null, 204);
  });
}

function addList(api: Api, ports: TenantApiPorts): void {
  const list = createRoute({
    ...{ method: "get", path, operationId: "listEntries", tags },
    summary: "List entries",
    description: `${WHO_MAY.read_data} Without their values.`,
    middleware: guarded(ports, { permission: "read_data", action: "list_keys" }),
    request: { query: z.strictObject({ ...pageQuery, prefix }) },
    responses: {
      200: json(listSchema, "A page of them, ordered by key."),
      ...problems("invalid_request", "invalid_cursor", "right_missing", "store_unavailable"),
    },
  } as const);
  api.openapi(list, async (c) => {
    const { cursor, limit, prefix: begin } = c.req.valid("query");
    const { tenant } = c.var.principal;
    const of = ["data", tenant.orgId, begin ?? ""];
    const from = opened(of, cursor);
    const page = await ports.data.list(tenant, {
      limit: Number(limit),
      ...(from !== undefined && { cursor: from }),
      ...(begin !== undefined && { prefix: begin }),
    });
    const more = sealed(of, page.next);
    return c.json({ items: page.items.map(version), ...(more !== undefined && { next: more }) }, 200);
  });
}
