import { connect } from "node:tls";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { OPEN_ROUTES, ROUTES, type Route } from "../../src/model/routes";
import { tenant } from "../render/input";
import { loopback } from "../servers";
import { ALLOW, Edge, EXPORT, KEY, LOGS, PERSON, READ, refused } from "./envoy-edge";

const PROBLEM = "application/problem+json";
const TENANTS = [tenant("co"), tenant("mx")];

let edge: Edge;
beforeAll(async () => (edge = await Edge.start(TENANTS)));
afterAll(() => edge.stop());
beforeEach(() => {
  edge.auth.answer = () => ALLOW;
  edge.reached();
  edge.auth.received.length = 0;
});

describe("the route table", () => {
  const filled = ({ path, prefix }: Route): string =>
    `${path.replaceAll(/\{[a-z]+\}/g, "a-b.c")}${prefix === true ? "/x/y" : ""}`;
  const served = ROUTES.flatMap((route) =>
    route.listeners.map((listener) => ({ route, listener, path: filled(route) })),
  );
  const http = served.filter(({ listener, route }) => listener !== "otlpGrpc" && route.websocket !== true);

  it("lets nobody without a credential reach a backend", async () => {
    edge.auth.answer = () => ({ status: 401, body: '{"code":"credential_missing"}' });
    for (const { route, listener, path } of http.filter(({ route }) => route.verifier !== "nobody")) {
      for (const method of route.methods) {
        const answer = edge.ask(listener, path, {
          method,
          headers: route.credential === undefined ? {} : KEY,
        });
        const type = "api" in route.right ? PROBLEM : undefined;
        await refused(edge, answer, "401 credential_missing", type);
      }
    }
  });

  it("asks nobody about the open paths, and takes no credential from them or to a backend", async () => {
    edge.auth.answer = ({ path }) =>
      path.startsWith("/authz") ? { status: 401, body: "{}" } : { status: 200, body: "told" };
    for (const { path, methods } of OPEN_ROUTES) {
      const [method = "GET"] = methods;
      const forged = { "x-scope-orgid": "tenant-co", "x-user-id": "root", authorization: "Basic eDp5" };
      const answer = await edge.ask("otlpHttp", path, { method, headers: forged });
      expect([answer.status, answer.body], path).toEqual([200, "told"]);
      const received = edge.auth.received.splice(0);
      expect(received.map((one) => one.path)).toEqual([path]);
      expect(received[0]?.headers).not.toHaveProperty("x-scope-orgid");
      expect(received[0]?.headers).not.toHaveProperty("x-user-id");
      expect(received[0]?.headers["authorization"]).toBe("Basic eDp5");
      for (const [other, at] of [
        [method === "GET" ? "POST" : "GET", path],
        [method, `${path}/`],
        [method, `${path}/x`],
        [method, path.toUpperCase()],
      ] as const)
        expect((await edge.ask("otlpHttp", at, { method: other })).status, `${other} ${at}`).toBe(
          at.startsWith("/api") ? 401 : 404,
        );
      for (const listener of ["query"] as const)
        await refused(edge, edge.ask(listener, path, { method }), "404 route_unknown");
      edge.auth.received.length = 0;
    }
  });

  it("answers on the tenant API's paths in problem details, by itself as well", async () => {
    const answer = await edge.ask("otlpHttp", "/api/keys", { method: "PATCH", headers: KEY });
    expect(answer.headers["content-type"]).toBe(PROBLEM);
    expect(JSON.parse(answer.body)).toEqual({
      ...{ type: "about:blank", title: "There is nothing at this path and method.", status: 404 },
      ...{ code: "route_unknown", request_id: answer.headers["x-request-id"] },
    });
    edge.auth.answer = () => ({ status: 503, body: "{}" });
    const undecided = await edge.ask("otlpHttp", "/api/keys?x", { headers: KEY });
    expect([undecided.status, undecided.headers["retry-after"], JSON.parse(undecided.body)]).toMatchObject([
      503,
      "5",
      { code: "authorization_unavailable", status: 503 },
    ]);
  });

  it("leads each request to its upstream", async () => {
    for (const { route, listener, path } of http) {
      for (const method of route.methods) {
        const token = route.verifier === "agentJwt" ? await edge.bearer() : PERSON;
        const headers = route.credential === undefined ? token : KEY;
        edge.auth.received.length = 0;
        expect(
          (await edge.ask(listener, `${path}?a=b`, { method, headers })).status,
          `${method} ${path}`,
        ).toBe(200);
        const { from = "", to = "" } = route.rewrite ?? {};
        // Before it answers itself, it was asked whether it may be.
        const asked = route.verifier === "nobody" ? 0 : 1;
        const reached = route.upstream === "auth" ? edge.auth.received.slice(asked) : edge.reached();
        expect(reached.map((request) => request.path)).toEqual([`${path.replace(from, to)}?a=b`]);
      }
    }
  });

  it.each([
    ["GET", LOGS], ["PUT", LOGS], ["DELETE", LOGS], ["OPTIONS", LOGS], ["TRACE", LOGS], ["POST", "/v1/log"], ["POST", "/V1/logs"],
    ["POST", "/v1/logs/"], ["POST", "/v1/logs/x"], ["POST", "/v1/logs;x"], ["POST", "/"], ["GET", "/ready"], ["GET", "/stats"], ["GET", "/apis"],
    ["GET", "/authz/x"], ["GET", "/api/../authz/x"], ["GET", "/loki/api/v1/label//values"], ["GET", "/loki/api/v1/label/../values"],
    ["POST", "/loki/api/v1/delete"], ["GET", "/loki/api/v1/rules"], ["POST", "/prometheus/config/v1/rules"], ["POST", "/compactor/delete_tenant"],
    ["GET", "/flush"], ["GET", "/config"], ["GET", "/distributor/all_user_stats"], ["GET", "/tempo/flush"], ["GET", "/tempo/api/../../config"],
  ])("has no %s %s", async (method, path) => {
    await refused(edge, edge.ask("otlpHttp", path, { method, headers: await edge.bearer() }), "404 route_unknown");
    await refused(edge, edge.ask("otlpHttp", path, { method, headers: KEY }), "404 route_unknown");
  }); // prettier-ignore

  it("does not write on the query port", async () => {
    await refused(
      edge,
      edge.ask("query", LOGS, { method: "POST", headers: await edge.bearer() }),
      "404 route_unknown",
    );
  });

  it.each(["/v1%2flogs", "/v1%5clogs", "/v1/logs%00", "/loki/api/v1/label/a%2f..%2fb/values"])(
    "refuses %s",
    async (path) => {
      await refused(edge, edge.write(path, await edge.bearer()), "400 request_refused");
    },
  );

  it("checks what a path means, not how it is written", async () => {
    for (const path of ["//v1/logs", "/v1/./logs", "/loki/../v1/logs", "/loki/%2e%2e/v1/logs", "/v1\\logs"]) {
      await refused(edge, edge.write(path), "401 credential_missing");
      await edge.write(path, await edge.bearer());
      expect(
        edge.reached().map((request) => request.path),
        path,
      ).toEqual([LOGS]);
    }
  });

  it("refuses CONNECT and upgrades that are not the tail's", async () => {
    const { authorization } = await edge.bearer();
    const head = `host: x\r\nauthorization: ${authorization}\r\n`;
    const upgrade = "connection: Upgrade\r\nupgrade: websocket\r\n";
    expect(await raw(`CONNECT mimir:9009 HTTP/1.1\r\n${head}\r\n`)).toMatch(/^HTTP\/1.1 40[34] /);
    expect(await raw(`GET ${READ} HTTP/1.1\r\n${head}${upgrade}\r\n`)).toMatch(/^HTTP\/1.1 403 /);
    expect(await raw(`POST ${LOGS} HTTP/1.1\r\n${head}${upgrade}\r\n`)).toMatch(/^HTTP\/1.1 403 /);
    expect(edge.reached()).toEqual([]);
    expect(await raw(`GET /loki/api/v1/tail HTTP/1.1\r\n${head}${upgrade}\r\n`, "hello")).toMatch(
      /^HTTP\/1.1 101 [\s\S]*hello$/,
    );
    expect(edge.reached().map(({ headers }) => headers["x-scope-orgid"])).toEqual(["tenant-mx"]);
  });

  it("takes a body that says its length up to the limit, and holds none until it is whole", async () => {
    const MEBIBYTE = 1024 * 1024;
    const token = await edge.bearer();
    expect((await edge.write(LOGS, token, "x".repeat(3 * MEBIBYTE))).status).toBe(200);
    edge.reached();
    await refused(edge, edge.write(LOGS, token, "x".repeat(5 * MEBIBYTE)), "413 body_too_large");
    // The upstream's to refuse: it is the one that would hold it.
    const chunked = { ...token, "transfer-encoding": "chunked" };
    expect((await edge.write(LOGS, chunked, "x".repeat(5 * MEBIBYTE))).status).toBe(200);
    expect(edge.reached()).toHaveLength(1);
    await refused(
      edge,
      edge.ask("query", READ, { method: "POST", headers: PERSON, body: "x".repeat(2 * MEBIBYTE) }),
      "413 body_too_large",
    );
  });

  it.each([
    "x-scope-orgid: a\0b",
    "x-scope-orgid : tenant-co",
    "transfer-encoding: chunked\r\ncontent-length: 5",
  ])("refuses the malformed %j", async (header) => {
    const { authorization } = await edge.bearer();
    const request = `POST ${LOGS} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\n${header}\r\n\r\n`;
    expect(await raw(request)).toMatch(/^HTTP\/1.1 400 /);
    expect(edge.reached()).toEqual([]);
  });
});

describe("HTTP/2", () => {
  it("has no other way round the checks", async () => {
    const token = await edge.bearer();
    for (const path of ["v1/logs", "*", "//mimir:9009/v1/logs", "http://mimir:9009/v1/logs"]) {
      const answer = await edge
        .http2("otlpHttp", { ":method": "POST", ":path": path })
        .catch(() => undefined);
      expect([undefined, 400, 401, 404], path).toContain(answer?.[":status"]);
    }
    const tunnel = { ":method": "CONNECT", ":authority": "mimir:9009", ...token };
    expect([403, 404]).toContain((await edge.http2("otlpHttp", tunnel))[":status"]);
    expect(edge.reached()).toEqual([]);
  });

  it("believes no trailers", async () => {
    const forged = { "x-scope-orgid": "tenant-co", "x-user-id": "root", authorization: "Bearer x" };
    const head = {
      ":method": "POST",
      ":path": EXPORT,
      "content-type": "application/grpc",
      te: "trailers",
      ...(await edge.bearer()),
    };
    expect((await edge.http2("otlpGrpc", head, forged))["grpc-status"]).toBe("0");
    const [call] = edge.reached();
    expect(call?.headers["x-scope-orgid"]).toBe("tenant-mx");
    expect(call?.trailers).toEqual({});
  });
});

describe("the admin interface", () => {
  it("says through the health listener that it is ready, and its numbers, and nothing else", async () => {
    expect(await edge.health("/ready")).toMatchObject({ status: 200, body: "LIVE\n" });
    expect((await edge.health("/stats/prometheus")).body).not.toMatch(/tenant-|agent-/);
    for (const path of [
      "/",
      "/stats",
      "/config_dump",
      "/certs",
      "/ready?x",
      "/ready/",
      "/ready/../config_dump",
      "/stats/prometheus?filter=x",
    ])
      expect((await edge.health(path)).status, path).toBe(404);
    for (const path of ["/ready", "/quitquitquit", "/drain_listeners"])
      expect((await edge.health(path, "POST")).status, path).toBe(404);
  });

  it("answers no more on its socket", async () => {
    for (const path of ["/config_dump", "/stats", "/clusters", "/"])
      expect((await edge.admin(path)).status, path).toBe(403);
    for (const path of ["/quitquitquit", "/logging?level=trace"])
      expect((await edge.admin(path, "POST")).status, path).toBe(403);
  });
});

/** Bytes over TLS; the answer until it holds `end`. */
function raw(text: string, end = "\r\n\r\n"): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect(
      { host: loopback, port: edge.port("envoy", "otlpHttp"), ca: edge.ca, timeout: 5_000 },
      () => {
        socket.write(text);
      },
    );
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString();
      if (received.includes(end)) socket.destroy();
    });
    socket.on("timeout", () => socket.destroy()).on("error", reject);
    socket.on("close", () => {
      resolve(received);
    });
  });
}
