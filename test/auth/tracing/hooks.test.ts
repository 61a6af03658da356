import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createApp } from "../../../src/auth/api/app";
import type { ApiEnv, TenantApiPorts } from "../../../src/auth/api/context";
import { identify } from "../../../src/auth/api/identify";
import { decide } from "../../../src/auth/decide";
import { undecided } from "../../../src/auth/decision";
import { tracedApi } from "../../../src/auth/tracing/api";
import { API_PATHS } from "../../../src/auth/tracing/attributes";
import { tracedDecision } from "../../../src/auth/tracing/decisions";
import { MemoryData, MemoryKeys, person } from "../api/world";
import { bearer, knowledge, push } from "../world";
import { Collector, PARENT, TRACE, traceparent } from "./collector";

describe("a decision as a span", () => {
  it("says what was decided, and of whom only the tenant", async () => {
    await using collector = await Collector.listen();
    const tracing = collector.tracing({ share: 1 });
    const authorization = await bearer({ azp: "agent-mx", tenant_id: "tenant-mx" });
    for (const request of [
      push({ authorization }),
      push({ authorization, requestedTenant: "tenant-pe" }),
      { ...push({}), path: "/no/such/path/atl_secret" },
    ])
      await tracedDecision(tracing, request, { traceparent: traceparent() }, () =>
        decide(request, knowledge),
      );
    const unknown = { decision: undecided("keys_unavailable"), routes: [], credential: "token" } as const;
    expect(await tracedDecision(tracing, { method: "NOPE" }, {}, () => Promise.resolve(unknown))).toBe(
      unknown,
    );
    const spans = await collector.spans();
    const common = { "http.request.method": "POST", "http.route": "otlp-http-traces-key" };
    expect(spans.map(({ attributes, status }) => [attributes, status.code])).toEqual([
      [
        {
          ...common,
          ...{ "http.response.status_code": 200, "atalaya.decision": "allow" },
          ...{ "atalaya.credential": "agent", "atalaya.tenant": "tenant-mx" },
        },
        0,
      ],
      [
        {
          ...common,
          ...{
            "http.response.status_code": 403,
            "atalaya.decision": "deny",
            "atalaya.code": "tenant_denied",
          },
          ...{ "atalaya.credential": "agent", "atalaya.tenant": "tenant-mx" },
        },
        0,
      ],
      [
        {
          ...{ "http.request.method": "POST", "http.response.status_code": 403, "atalaya.decision": "deny" },
          ...{ "atalaya.code": "route_unknown", "atalaya.credential": "none" },
        },
        0,
      ],
      [
        {
          ...{ "http.request.method": "_OTHER", "http.response.status_code": 503 },
          ...{ "atalaya.decision": "undecided", "atalaya.code": "keys_unavailable" },
          ...{ "atalaya.credential": "token", "error.type": "keys_unavailable" },
        },
        2,
      ],
    ]);
    expect(spans.slice(0, 3).map(({ traceId, parentSpanId }) => [traceId, parentSpanId])).toEqual(
      Array.from({ length: 3 }, () => [TRACE, PARENT]),
    );
    expect(collector.bodies.join()).not.toContain("agent-mx");
  });
});

describe("an operation of the API as a span", () => {
  const keys = new MemoryKeys();
  const data = new MemoryData();
  let collector: Collector;
  let close: () => Promise<void>;
  let send: (method: string, path: string, headers?: Readonly<Record<string, string>>) => Promise<number>;
  const ports: TenantApiPorts = {
    identify: (credentials) => identify(credentials, { ...knowledge }),
    ...{ keys, data, passwordGrant: false },
    tokens: () => Promise.resolve({ kind: "refused" }),
    audit: () => Promise.resolve(),
  };

  beforeEach(async () => {
    collector = await Collector.listen();
    const app = new Hono<ApiEnv>()
      .use(tracedApi(collector.tracing({ share: 1 })))
      .route("/", createApp(ports));
    const listener = getRequestListener((request, env) => app.fetch(request, env), {
      overrideGlobalObjects: false,
    });
    const server = createServer((request, response) => void listener(request, response));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    close = async () => {
      await new Promise((done) => server.close(done));
    };
    const { port } = server.address() as AddressInfo;
    send = (method, path, headers = {}) =>
      new Promise((resolve, reject) => {
        const asked = httpRequest(
          { port, host: "127.0.0.1", method, path, headers, agent: false },
          (response) => {
            response.resume().on("end", () => {
              resolve(response.statusCode ?? 0);
            });
          },
        );
        asked.on("error", reject).end();
      });
  });
  afterEach(async () => {
    await close();
    await collector[Symbol.asyncDispose]();
  });

  it("says which, by its template", async () => {
    const headers = { ...(await person("mx/admin")), traceparent: traceparent() };
    expect(await send("GET", "/api/api-keys/key_aaaaaaaaaaaaaaaa", headers)).toBe(404);
    expect(await send("GET", "/api/data/mine?x=atl_secret", { ...headers, traceparent: "00-1-2-3" })).toBe(
      404,
    );
    expect(await send("GET", "/api/data/mine")).toBe(401);
    expect(await send("GET", "/api/nothing/here", headers)).toBe(404);
    const spans = await collector.spans();
    const known = { "atalaya.credential": "person", "atalaya.tenant": "tenant-mx" };
    const method = { "http.request.method": "GET" };
    expect(spans.map(({ name, attributes }) => [name, attributes])).toEqual([
      [
        "tenant_api",
        {
          ...method,
          ...known,
          "http.route": "/api/api-keys/{id}",
          "http.response.status_code": 404,
          "atalaya.code": "not_found",
        },
      ],
      [
        "tenant_api",
        {
          ...method,
          ...known,
          "http.route": "/api/data/{key}",
          "http.response.status_code": 404,
          "atalaya.code": "not_found",
        },
      ],
      [
        "tenant_api",
        {
          ...method,
          "http.route": "/api/data/{key}",
          "http.response.status_code": 401,
          "atalaya.code": "credential_missing",
        },
      ],
      ["tenant_api", { ...method, ...known, "http.response.status_code": 404 }],
    ]);
    expect(spans.map(({ parentSpanId }) => parentSpanId)).toEqual([PARENT, undefined, undefined, PARENT]);
    for (const secret of ["key_", "mine", "atl_", "eyJ"])
      expect(collector.bodies.join()).not.toContain(secret);
  });

  it("is a failure where the store is away", async () => {
    data.away = true;
    expect(await send("GET", "/api/data/mine", await person("mx/admin"))).toBe(503);
    data.away = false;
    expect(
      (await collector.spans()).map(({ attributes, status }) => [attributes["error.type"], status.code]),
    ).toEqual([["StoreUnavailable", 2]]);
  });

  it("has every path of the description", () => {
    const document = createApp(ports).getOpenAPI31Document({
      openapi: "3.1.0",
      info: { title: "", version: "" },
    });
    expect(Object.keys(document.paths ?? {}).sort()).toEqual([...API_PATHS].sort());
  });
});
