import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { marked } from "../../src/client/telemetry";
import type { Lab } from "../../src/lab/lab";
import { ROUTES } from "../../src/model/routes";
import { PEOPLE_CLIENT } from "../../src/model/names";
import type { Tenant } from "../../src/model/tenant";
import { send, type Header, type Incoming } from "./isolation/wire";
import type { Orders } from "./orders";
import { sharedLab, sharedOrders } from "./shared";

interface Outputs {
  readonly operators: Readonly<Record<string, { readonly password: string }>>;
  readonly tenants: Readonly<
    Record<
      string,
      {
        readonly users: Readonly<Record<string, { readonly password: string }>>;
        readonly clients: Readonly<Record<string, { readonly clientSecret: string }>>;
      }
    >
  >;
}
interface Key {
  readonly id: string;
  readonly key: string;
}

let lab: Lab;
let orders: Orders;
let outputs: Outputs;
beforeAll(async () => {
  orders = await sharedOrders();
  lab = await sharedLab();
  outputs = JSON.parse(readFileSync(lab.outputsFile, "utf8")) as Outputs;
}, 180_000);

const PROBLEM = "application/problem+json";
const bearer = (token: string): Header => ["authorization", `Bearer ${token}`];
const ask = (method: string, path: string, headers: readonly Header[], body?: string | Buffer): Promise<Incoming> =>
  send(lab, { listener: "otlpHttp", method, path, headers, source: "127.0.0.1", ...(body !== undefined && { body: Buffer.from(body) }) }); // prettier-ignore
const json = (method: string, path: string, headers: readonly Header[], body: unknown): Promise<Incoming> =>
  ask(method, path, [...headers, ["content-type", "application/json"]], JSON.stringify(body));
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
const read = <T>({ body }: Incoming): T => JSON.parse(body) as T;
const told = (answer: Incoming): string => `${answer.status} ${read<{ code: string }>(answer).code}`;

const FORM: Header = ["content-type", "application/x-www-form-urlencoded"];
const token = (form: Readonly<Record<string, string>>, headers: readonly Header[] = []): Promise<Incoming> =>
  ask("POST", "/api/token", [FORM, ...headers], new URLSearchParams(form).toString());
const secretOf = (client: string): string => outputs.tenants["mx"]?.clients[client]?.clientSecret ?? "";
async function person(tenant: string, role: string): Promise<Header> {
  const username = `${tenant}-${role}`;
  const password = outputs.tenants[tenant]?.users[username]?.password ?? "";
  const answer = await token({ grant_type: "password", client_id: PEOPLE_CLIENT, username, password });
  expect(answer.status).toBe(200);
  return bearer(read<{ access_token: string }>(answer).access_token);
}
const push = ROUTES.find(({ id }) => id === "loki-push");

/** What became of a Loki push with these credentials. */
async function pushed(mark: string, credentials: readonly Header[]): Promise<string> {
  if (push === undefined) throw new Error("no such route");
  const { contentType, headers, body } = marked(push, mark);
  const all: Header[] = [["content-type", contentType], ...Object.entries(headers), ...credentials];
  const answer = await ask("POST", push.path, all, body);
  const stored = lab.stored({ contains: mark }).map(({ tenant }) => tenant);
  return answer.status < 300 ? `stored ${stored.join(" ")}` : `${told(answer)}${stored.join(" ")}`;
}

describe("the tenant API, through the edge", () => {
  it("describes itself to everybody, and nothing else", async () => {
    const description = await ask("GET", "/api/openapi.json", []);
    expect([description.status, read<{ openapi: string }>(description).openapi]).toEqual([200, "3.1.0"]);
    const page = await ask("GET", "/api/docs", []);
    expect([page.status, page.headers["content-type"]]).toEqual([200, "text/html; charset=UTF-8"]);
    for (const path of ["/api", "/api/users/me", "/api/api-keys", "/api/data", "/api/openapi.json/x"]) {
      const answer = await ask("GET", path, []);
      expect([told(answer), answer.headers["content-type"]]).toEqual(["401 credential_missing", PROBLEM]);
    }
  });

  it("gives a program its token, by the form or by basic authentication, and nobody else's", async () => {
    const id = "service-mx-checkout";
    const secret = secretOf(id);
    const basic: Header = ["authorization", `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`];
    for (const answer of [
      await token({ grant_type: "client_credentials", client_id: id, client_secret: secret }),
      await token({ grant_type: "client_credentials" }, [basic]),
    ]) {
      expect([answer.status, Object.keys(read<object>(answer)).sort()]).toEqual([200, ["access_token", "expires_in", "token_type"]]);
      const me = await ask("GET", "/api/users/me", [bearer(read<{ access_token: string }>(answer).access_token)]);
      expect(read(me)).toEqual({ kind: "service", user: id, tenant: { id: "mx", org_id: "tenant-mx" }, rights: [], scopes: ["orders:read", "payments:*"] });
    }
    for (const client of ["agent-mx", "service-zz-none", "admin-cli"])
      expect(told(await token({ grant_type: "client_credentials", client_id: client, client_secret: secret }))).toBe("401 invalid_client");
    expect(told(await token({ grant_type: "refresh_token", client_id: id }))).toBe("400 unsupported_grant_type");
  }); // prettier-ignore

  it("makes a key that works at once and in three places, in its own tenant and with its own rights alone", async () => {
    const owner = await person("mx", "editor");
    const wanted = { label: "a shipper", rights: ["logs:write"] };
    const made = await json("POST", "/api/api-keys", [owner], wanted);
    expect(made.status).toBe(201);
    const { id, key } = read<Key>(made);
    expect(key).toMatch(/^atl_mx_[0-9A-Za-z]{36}$/);
    const basic = Buffer.from(`anybody:${key}`).toString("base64");
    const ways: readonly Header[] = [["x-api-key", key], bearer(key), ["authorization", `Basic ${basic}`]];
    for (const [index, way] of ways.entries()) {
      expect(await pushed(`selfservice${index}`, [way])).toBe("stored tenant-mx");
      const other: Header = ["x-scope-orgid", "tenant-pe"];
      expect(await pushed(`selfservicepe${index}`, [way, other])).toBe("403 tenant_denied");
    }
    expect(told(await ask("GET", "/loki/api/v1/labels", [["x-api-key", key]]))).toBe("403 right_missing");
    expect(told(await ask("POST", "/v1/traces", [["x-api-key", key]]))).toBe("403 right_missing");
    const listed = await ask("GET", "/api/api-keys", [owner]);
    expect(listed.body).not.toContain(key.slice(8));
    expect(read<{ items: Key[] }>(listed).items.map((item) => item.id)).toContain(id);
    expect((await ask("DELETE", `/api/api-keys/${id}`, [await person("pe", "admin")])).status).toBe(404);
    expect((await ask("DELETE", `/api/api-keys/${id}`, [owner])).status).toBe(204);
    let attempt = 0;
    const refused = () => pushed(`selfservicegone${attempt++}x`, [["x-api-key", key]]);
    // The service that took it back knows at once, every other one after ten seconds.
    await expect.poll(refused, { timeout: 15_000 }).toBe("401 key_invalid");
  }, 60_000); // prettier-ignore

  it("gives nobody more than he has", async () => {
    const viewer = await person("mx", "viewer");
    const wanted = { label: "x", rights: ["logs:write"] };
    expect((await json("POST", "/api/api-keys", [viewer], wanted)).status).toBe(403);
    const mine = await json("POST", "/api/api-keys", [viewer], { label: "x", rights: ["logs:read"] });
    expect(mine.status).toBe(201);
    const { id, key } = read<Key>(mine);
    expect((await json("POST", "/api/api-keys", [["x-api-key", key]], wanted)).status).toBe(403);
    expect((await ask("DELETE", `/api/api-keys/${id}`, [viewer])).status).toBe(204);
    const agent = bearer(await lab.token("agent-mx"));
    expect(told(await json("POST", "/api/api-keys", [agent], wanted))).toBe("403 right_missing");
    expect(told(await ask("GET", "/api/data", [agent]))).toBe("403 right_missing");
  });

  it("keeps a tenant's data from the others, whatever they ask for", async () => {
    const [mx, pe] = [await person("mx", "editor"), await person("pe", "admin")];
    const secret = `only-of-mx-${process.pid}`;
    expect((await json("PUT", "/api/data/shared.name", [mx], { value: secret })).status).toBe(201);
    for (const headers of [[pe], [pe, ["x-scope-orgid", "tenant-pe"]]] as const) {
      expect((await ask("GET", "/api/data/shared.name", headers)).status).toBe(404);
      expect((await ask("GET", "/api/data", headers)).body).not.toContain("shared.name");
      expect((await ask("DELETE", "/api/data/shared.name", headers)).status).toBe(404);
    }
    for (const requested of ["tenant-mx", "tenant-mx|tenant-pe", "tenant-pe,tenant-mx"])
      expect(told(await ask("GET", "/api/data/shared.name", [pe, ["x-scope-orgid", requested]]))).toBe("403 tenant_denied");
    for (const path of ["/api/data/..%2f..%2ftenant-mx", "/api/data/t:{tenant-mx}:data", "/api/data/shared.name%00"])
      expect((await ask("GET", path, [pe])).status).toBeGreaterThanOrEqual(400);
    const kept = await ask("GET", "/api/data/shared.name", [mx]);
    expect(read<{ value: string }>(kept).value).toBe(secret);
    const etag = String(kept.headers["etag"]);
    expect((await json("PUT", "/api/data/shared.name", [mx, ["if-match", etag]], { value: 2 })).status).toBe(200);
    expect(told(await json("PUT", "/api/data/shared.name", [mx, ["if-match", etag]], { value: 3 }))).toBe("412 precondition_failed");
    expect((await ask("DELETE", "/api/data/shared.name", [mx])).status).toBe(204);
    expect(told(await ask("DELETE", "/api/data/shared.name", [mx, ["if-match", etag]]))).toBe("412 precondition_failed");
  }); // prettier-ignore
});

describe("what is remembered", () => {
  interface Pushed {
    readonly streams: readonly {
      readonly stream: Readonly<Record<string, string>>;
      readonly values: readonly (readonly [string, string])[];
    }[];
  }
  interface Line {
    readonly action: string;
    readonly outcome: string;
    readonly target: string;
    readonly request_id: string;
  }
  /** The audit records at Loki that hold this text, with the organisation they are stored under. */
  const records = (text: string) =>
    lab
      .stored({ backend: "loki", contains: text })
      .flatMap(({ tenant, body }) =>
        (JSON.parse(body.toString()) as Pushed).streams
          .filter(({ stream }) => stream["job"] === "audit_logs")
          .flatMap(({ stream, values }) =>
            values.map(([, line]) => ({ ...(JSON.parse(line) as Line), keeper: tenant, stream })),
          ),
      );

  it("is every act, at Loki, under its tenant's id and the platform's, and without a secret", async () => {
    const owner = await person("mx", "editor");
    const made = await json("POST", "/api/api-keys", [owner], { label: "remembered", rights: ["logs:read"] });
    const { id, key } = read<Key>(made);
    await ask("GET", "/api/data/remembered.not-there", [["x-api-key", key]]);
    await ask("DELETE", `/api/api-keys/${id}`, [await person("pe", "admin")]);
    await ask("DELETE", `/api/api-keys/${id}`, [owner]);
    // The key itself is the user of what was done with it.
    const told = () =>
      records(id).map(({ keeper, stream, action, outcome, target, request_id: request }) => [
        ...[keeper, stream["tenant_id"], action === stream["action"], action, outcome, target, request.length],
      ]); // prettier-ignore
    const uuid = 36;
    await expect.poll(() => told().length, { timeout: 20_000 }).toBe(8);
    expect(told().sort()).toEqual(
      [
        ["tenant-mx", "tenant-mx", true, "create_api_key", "success", id, uuid],
        ["tenant-mx", "tenant-mx", true, "get_key", "refused", "remembered.not-there", uuid],
        ["tenant-pe", "tenant-pe", true, "delete_api_key", "refused", id, uuid],
        ["tenant-mx", "tenant-mx", true, "delete_api_key", "success", id, uuid],
      ]
        .flatMap(([owner, ...rest]) => [
          [owner, ...rest],
          ["tenant-platform", ...rest],
        ])
        .sort(),
    );
    expect(lab.stored({ contains: key.slice(8) })).toEqual([]);
  }, 60_000);

  it("is why something was refused, for operators and nobody else, whatever a client calls its request", async () => {
    const forged: Header = ["x-request-id", "somebody-elses-request"];
    const refused = await ask("GET", "/loki/api/v1/labels", [["x-api-key", "atl_nobody"], forged]);
    const id = String(refused.headers["x-request-id"]);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    const answer = await token({ grant_type: "password", client_id: PEOPLE_CLIENT, username: "operator", password: outputs.operators["operator"]?.password ?? "" });
    const operator = bearer(read<{ access_token: string }>(answer).access_token);
    const asked: readonly Header[] = [operator, ["x-scope-orgid", "tenant-pe"]];
    const why = () => ask("GET", `/api/decisions/${id}`, asked);
    await expect.poll(async () => (await why()).status, { timeout: 15_000 }).toBe(200);
    expect(read(await why())).toMatchObject({ request_id: id, code: "key_invalid", outcome: "deny", credential: "key", path: "/loki/api/v1/labels" });
    expect((await ask("GET", "/api/decisions/somebody-elses-request", asked)).status).toBe(404);
    for (const other of [await person("mx", "admin"), bearer(await lab.token("agent-mx")), ["x-service-token", await lab.token("service-mx-checkout")] as const])
      expect(told(await ask("GET", `/api/decisions/${id}`, [other]))).toBe("403 right_missing");
  }, 60_000); // prettier-ignore
});

describe("a service's token, through the edge", () => {
  it("reaches what its scope opens, with its tenant and without itself", async () => {
    const service = await lab.token("service-mx-checkout");
    orders.calls();
    for (const header of [bearer(service), ["x-service-token", service]] as const) {
      const forged: Header[] = [["x-user-id", "root"]];
      expect((await ask("GET", "/orders/7?x=y", [header, ...forged])).body).toBe('{"orders":[]}');
      const [call, ...more] = orders.calls();
      expect([call?.method, call?.path, more]).toEqual(["GET", "/orders/7?x=y", []]);
      expect([call?.headers["x-scope-orgid"], call?.headers["x-user-id"]]).toEqual(["tenant-mx", "service-mx-checkout"]);
      expect(JSON.stringify(call?.headers)).not.toContain(service.slice(0, 30));
    }
  }); // prettier-ignore

  it("opens no more than the list says now, whatever it was issued for", async () => {
    const service = await lab.token("service-mx-checkout");
    const before = lab.tenants;
    const within = async (change: (services: Tenant["services"]) => Tenant["services"], expected: string) => {
      await lab.applyTenants(before.map((tenant) => (tenant.id === "mx" ? { ...tenant, services: change(tenant.services) } : tenant)));
      const seen = async () => {
        const answer = await ask("GET", "/orders", [bearer(service)]);
        return answer.status === 200 ? "200" : told(answer);
      };
      await expect.poll(seen, { timeout: 15_000 }).toBe(expected);
    };
    try {
      await within((services) => services, "200");
      await within((services) => services.map((one) => ({ ...one, scopes: one.scopes.filter((scope) => scope !== "orders:read") })), "403 right_missing");
      await within(() => [], "403 tenant_denied");
    } finally {
      await lab.applyTenants(before);
    }
    await within((services) => services, "200");
  }, 60_000); // prettier-ignore

  it("is refused without one, outside its scope, and for another tenant", async () => {
    const service = await lab.token("service-mx-checkout");
    orders.calls();
    const agent = await lab.token("agent-mx");
    expect(told(await ask("GET", "/orders", []))).toBe("401 credential_missing");
    expect(told(await ask("POST", "/orders", [bearer(service)]))).toBe("403 right_missing");
    expect(told(await ask("DELETE", "/orders", [bearer(service)]))).toBe("404 route_unknown");
    expect(told(await ask("GET", "/orders", [bearer(agent)]))).toBe("403 right_missing");
    expect(told(await ask("GET", "/orders", [["x-service-token", agent]]))).toBe("403 tenant_denied");
    expect(told(await ask("GET", "/orders", [bearer(service), ["x-service-token", service]]))).toBe(
      "401 credential_ambiguous",
    );
    for (const requested of ["tenant-pe", "tenant-mx|tenant-pe"])
      expect(told(await ask("GET", "/orders", [bearer(service), ["x-scope-orgid", requested]]))).toBe(
        "403 tenant_denied",
      );
    expect(orders.calls()).toEqual([]);
  });
});
