import { connect, type ClientHttp2Session } from "node:http2";
import { Agent, request as httpsRequest } from "node:https";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loopback } from "../../../src/lab/servers/net";
import type { Listener } from "../../../src/model/routes";
import { each, READS, request, World, WRITES } from "./world";
import { onSession, rawTls, type Header } from "./wire";

const TENANTS = ["mx", "pe", "co"] as const;
/** Of each tenant by each route: below what the smallest may send at once. */
const ITEMS = 130;
/** So many connections to a listener, each with all tenants' streams in it. */
const CONNECTIONS = 4;

describe("tenants beside one another", () => {
  let world: World;
  let credentials: Readonly<Record<string, Header>>;
  beforeAll(async () => {
    world = await World.open();
    credentials = Object.fromEntries(
      await Promise.all(
        TENANTS.map(async (id) => [id, world.bearer(await world.lab.token(`agent-${id}`))] as const),
      ),
    );
  }, 180_000);
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  async function sessions(listener: Listener): Promise<readonly ClientHttp2Session[]> {
    return Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        const socket = await rawTls(world.lab, listener, world.ledger.source(), "h2");
        return connect("https://localhost", { createConnection: () => socket });
      }),
    );
  }

  /** Every mark that arrived, by the organisation it arrived for, sorted. */
  const arrived = () => {
    const found = new Map<string, string[]>();
    for (const { tenant = "nobody", body, query } of world.lab.store.received())
      for (const mark of `${body.toString("latin1")} ${query}`.match(/iso_[a-z0-9]{12}/g) ?? [])
        found.set(tenant, [...(found.get(tenant) ?? []), mark]);
    return Object.fromEntries([...found].map(([tenant, marks]) => [tenant, marks.sort()]));
  };

  it("on the same connections: thousands of items by all routes at once, each counted once for its own", async () => {
    const open = {
      otlpGrpc: await sessions("otlpGrpc"),
      otlpHttp: await sessions("otlpHttp"),
      query: await sessions("query"),
    };
    const sent: Record<string, string[]> = {};
    const failed: unknown[] = [];
    const reads = READS.filter(({ websocket, path }) => websocket === undefined && !path.includes("traces/"));
    const items = Array.from({ length: ITEMS }, (_, index) => index).flatMap((index) =>
      TENANTS.flatMap((tenant) => [
        ...WRITES.map((route) => ({ index, tenant, route, listener: route.listeners[0] ?? "otlpHttp" })),
        // One read of the tenant's, by its key, among its writes.
        ...reads
          .slice(index % reads.length, (index % reads.length) + 1)
          .map((route) => ({ index, tenant, route, listener: "query" as const })),
      ]),
    );
    await each(
      items,
      async ({ index, tenant, route, listener }) => {
        const mark = world.ledger.mark();
        (sent[`tenant-${tenant}`] ??= []).push(mark);
        const read = listener === "query";
        const credential: Header = read
          ? ["x-api-key", world.key(tenant)]
          : (credentials[tenant] ?? ["", ""]);
        const session = open[listener][index % CONNECTIONS];
        if (session === undefined) throw new Error("no session");
        const {
          status,
          grpcStatus = 0,
          body,
        } = await onSession(session, request(route, listener, mark, [credential]));
        if (status >= 300 || grpcStatus !== 0) failed.push([tenant, route.id, status, grpcStatus, body]);
      },
      150,
    );
    for (const session of Object.values(open).flat()) session.destroy();
    expect(failed.slice(0, 10)).toEqual([]);
    for (const marks of Object.values(sent)) marks.sort();
    expect(Object.values(sent).flat()).toHaveLength(ITEMS * TENANTS.length * (WRITES.length + 1));
    expect(arrived()).toEqual(sent);
    world.lab.store.clear();
  }, 120_000);

  it("on one connection of HTTP/1.1, one after the other: nothing of a credential stays", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, localAddress: world.ledger.source() });
    const [route] = WRITES.filter(({ id }) => id === "loki-push");
    if (route === undefined) throw new Error("no route");
    const sent: Record<string, string[]> = {};
    const { ca, topology } = world.lab;
    const port = topology.services.envoy.ports.otlpHttp;
    const statuses = new Map<string, number[]>();
    let sockets = 0;
    for (let index = 0; index < 120; index++) {
      const who = [...TENANTS, "nobody", "stranger"][index % 5] ?? "";
      const mark = world.ledger.mark();
      const credential = who === "stranger" ? (["authorization", "Bearer x.y.z"] as const) : credentials[who];
      const { headers, body, path } = request(
        route,
        "otlpHttp",
        mark,
        credential === undefined ? [] : [credential],
      );
      if (who in credentials) (sent[`tenant-${who}`] ??= []).push(mark);
      const status = await new Promise<number>((resolve, reject) => {
        const outgoing = httpsRequest(
          {
            host: loopback,
            port,
            servername: "localhost",
            ca,
            agent,
            method: "POST",
            path,
            headers: Object.fromEntries(headers),
          },
          (response) => {
            response.resume().on("end", () => {
              resolve(response.statusCode ?? 0);
            });
          },
        );
        outgoing
          .on("socket", () => (sockets += outgoing.reusedSocket ? 0 : 1))
          .on("error", reject)
          .end(body);
      });
      statuses.set(who, [...new Set([...(statuses.get(who) ?? []), status])]);
    }
    agent.destroy();
    expect(Object.fromEntries(statuses)).toEqual({
      mx: [204],
      pe: [204],
      co: [204],
      nobody: [401],
      stranger: [401],
    });
    expect(arrived()).toEqual(sent);
    expect(sockets).toBeLessThan(120);
    world.lab.store.clear();
  }, 60_000);
});
