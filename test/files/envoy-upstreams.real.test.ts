import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { tenant } from "../render/input";
import { freePort } from "../servers";
import { ALLOW, Edge, refused } from "./envoy-edge";
import { Recorder } from "./recorders";

const SERVICE = { "x-service-token": "a.b.c" };

describe("an upstream of the environment's own", () => {
  const orders = new Recorder();
  let edge: Edge;
  beforeAll(async () => {
    const port = await freePort();
    await orders.listen(port);
    edge = await Edge.start([tenant("mx")], {
      upstreams: [...[{ name: "orders", host: "127.0.0.1", port, path: "/orders" }]].map((one) => ({
        ...one,
        methods: { GET: "orders:read", POST: "orders:write" },
      })),
    });
  });
  afterAll(async () => {
    await edge.stop();
    await orders.close();
  });
  beforeEach(() => {
    edge.auth.answer = () => ALLOW;
    orders.answer = () => ({});
    orders.received.length = 0;
    edge.auth.received.length = 0;
  });

  it("is told whose a request is, by what was decided alone, and no credential", async () => {
    const forged = { "x-scope-orgid": "tenant-co", "x-user-id": "root", cookie: "a=b" };
    const answer = await edge.ask("otlpHttp", "/orders/7?x=y", { headers: { ...SERVICE, ...forged } });
    expect(answer.status).toBe(200);
    const [received] = orders.received;
    expect([orders.received.length, received?.method, received?.path]).toEqual([1, "GET", "/orders/7?x=y"]);
    expect(received?.headers["x-scope-orgid"]).toBe("tenant-mx");
    for (const header of ["x-service-token", "authorization", "x-api-key", "cookie", "x-atalaya-requested-tenant"])
      expect(received?.headers).not.toHaveProperty(header);
    expect(edge.auth.received.map(({ path, headers }) => [path, headers["x-service-token"]])).toEqual([
      ["/authz/orders/7?x=y", "a.b.c"],
    ]);
    expect(edge.reached()).toEqual([]);
  }); // prettier-ignore

  it.each([
    [401, "credential_missing"],
    [403, "right_missing"],
  ])("is not reached where the answer is %i", async (status, code) => {
    edge.auth.answer = () => ({ status, body: JSON.stringify({ code }) });
    await refused(edge, edge.ask("otlpHttp", "/orders", { headers: SERVICE }), `${status} ${code}`);
    expect(orders.received).toEqual([]);
  });

  it("takes its own methods and its own path, on the listener for programs alone", async () => {
    const headers = SERVICE;
    await refused(edge, edge.ask("otlpHttp", "/orders", { method: "DELETE", headers }), "404 route_unknown");
    await refused(edge, edge.ask("otlpHttp", "/ordersx", { headers }), "404 route_unknown");
    await refused(edge, edge.ask("query", "/orders", { headers }), "404 route_unknown");
    for (const path of ["/orders/../api/data", "/orders/%2e%2e/loki/api/v1/query"]) {
      await edge.ask("otlpHttp", path, { headers });
      expect(orders.received, path).toEqual([]);
      edge.reached();
    }
    expect((await edge.ask("otlpHttp", "//orders/./7", { method: "POST", headers })).status).toBe(200);
    expect(orders.received.map(({ path }) => path)).toEqual(["/orders/7"]);
  });

  it("is not asked when nobody can decide, and its own failures name nobody", async () => {
    edge.auth.answer = () => ({ status: 500 });
    await refused(
      edge,
      edge.ask("otlpHttp", "/orders", { headers: SERVICE }),
      "503 authorization_unavailable",
    );
    expect(orders.received).toEqual([]);
    edge.auth.answer = () => ALLOW;
    orders.answer = () => ({ status: 500, body: "database 10.0.0.7 refused tenant-mx" });
    await refused(edge, edge.ask("otlpHttp", "/orders", { headers: SERVICE }), "500 backend_failed");
    orders.answer = () => ({ status: 409, body: "sold out" });
    expect(await edge.ask("otlpHttp", "/orders", { headers: SERVICE })).toMatchObject({ status: 409, body: "sold out" }); // prettier-ignore
  });
});
