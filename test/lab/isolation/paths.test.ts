import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loopback } from "../../../src/lab/servers/net";
import { ROUTES, type Route } from "../../../src/model/routes";
import type { Outcome } from "./ledger";
import { send } from "./wire";
import {
  concrete,
  each,
  isWrite,
  READS,
  request as requestOf,
  World,
  WRITES,
  type Credentials,
} from "./world";

const UNKNOWN: Outcome = { refused: "404 route_unknown" };
/** An upgrade that a path has not got: Envoy's own word, before any check. */
const NO_UPGRADE: Outcome = { refused: "403 request_refused" };
const BAD: Outcome = { malformed: true };

/** For a segment that may be anything these are other names, not other paths. */
const AT_THE_END = ["a parameter after a semicolon", "a space at its end"];

/** How a path of the table may be written otherwise; `as` where it is that path, and then with its checks. */
const SPELLINGS: readonly (readonly [row: string, what: string, (path: string) => string, Outcome | "same"])[] = [
  ["39", "a double slash at its beginning", (path) => `/${path}`, "same"],
  ["39", "a double slash inside", (path) => path.replace(/(.)\//, "$1//"), "same"],
  ["39", "a dot segment", (path) => path.replace(/(.)\//, "$1/./"), "same"],
  ["39", "out of another path", (path) => `/api/..${path}`, "same"],
  ["39", "out of another path, dots encoded", (path) => `/api/%2e%2e${path}`, "same"],
  ["39", "out of a read path", (path) => `/loki/api/v1/labels/../../../..${path}`, "same"],
  ["39", "an encoded slash", (path) => path.replace(/(.)\//, "$1%2f"), BAD],
  ["39", "an encoded slash in capitals", (path) => path.replace(/(.)\//, "$1%2F"), BAD],
  ["39", "an encoded backslash", (path) => path.replace(/(.)\//, "$1%5c"), BAD],
  ["39", "a backslash", (path) => path.replace(/(.)\//, "$1\\"), "same"],
  ["39", "an encoding of an encoding", (path) => path.replace(/(.)\//, "$1%252f"), UNKNOWN],
  ["+", "a slash at its end", (path) => `${path}/`, UNKNOWN],
  ["+", "a parameter after a semicolon", (path) => `${path};tenant=pe`, UNKNOWN],
  ["+", "a semicolon inside", (path) => path.replace(/(.)\//, "$1;/"), UNKNOWN],
  ["+", "a fragment", (path) => `${path}#x`, BAD],
  ["+", "capitals", (path) => path.toUpperCase(), UNKNOWN],
  ["+", "an encoded letter", (path) => path.replace(/[a-z](?=[^a-z]*$)/, (letter) => `%${letter.charCodeAt(0).toString(16)}`), "same"],
  ["+", "a space at its end", (path) => `${path}%20`, UNKNOWN],
  ["+", "a zero byte at its end", (path) => `${path}%00`, BAD],
  ["+", "a path in front", (path) => `/x${path}`, UNKNOWN],
]; // prettier-ignore

/** What backends have and the table has not. */
const ADMIN: readonly string[] = [
  ...["/", "/metrics", "/config", "/ready", "/flush", "/shutdown", "/ring", "/memberlist", "/services", "/runtime_config"],
  ...["/all_user_stats", "/api/v1/user_stats", "/distributor/all_user_stats", "/ingester/flush", "/ingester/shutdown"],
  ...["/loki/api/v1/delete", "/loki/api/v1/cache/generation_numbers", "/loki/api/v1/rules", "/loki/api/v1/admin/delete"],
  ...["/prometheus/config/v1/rules", "/prometheus/api/v1/admin/tsdb/delete_series", "/prometheus/api/v1/status/config"],
  ...["/prometheus/api/v1/alertmanagers", "/api/v1/alerts", "/alertmanager", "/multitenant_alertmanager/status"],
  ...["/compactor/delete_tenant", "/compactor/delete_tenant_status", "/backup-tenant", "/store-gateway/tenants"],
  ...["/tempo/status", "/tempo/flush", "/tempo/shutdown", "/tempo/api/overrides", "/tempo/internal/metrics"],
  ...["/otlp/v1/logs", "/api/v1/push", "/v1/traces/x", "/debug/pprof/heap", "/log_level", "/authz/v1/logs", "/health"],
  ...["/stats/prometheus", "/clusters", "/config_dump", "/quitquitquit", "/certs", "/realms/observability", "/admin"],
  ...["/apis", "/api-x", "/v1", "/loki", "/prometheus/api/v1", "/opentelemetry.proto.collector.logs.v1.LogsService/Other"],
]; // prettier-ignore

describe("paths", () => {
  let world: World;
  let keyMx: Credentials;
  let tokenMx: Credentials;
  beforeAll(async () => {
    world = await World.open();
    keyMx = [["x-api-key", world.key("mx")]];
    tokenMx = [world.bearer(await world.lab.token("agent-mx"))];
  }, 180_000);
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  /** Sends what the route takes, to another path or by another method. */
  async function ask(
    what: string,
    route: Route,
    listener: Route["listeners"][number],
    { path, method, credentials, outcome, audited = "route-unknown" }: {
      path?: string; method?: string; credentials: Credentials; outcome: Outcome; audited?: string | undefined;
    }, // prettier-ignore
  ): Promise<void> {
    const [mark, source] = [world.ledger.mark(), world.ledger.source()];
    const usual = requestOf(route, listener, mark, credentials);
    const [, query] = usual.path.split("?");
    const answer = await send(world.lab, {
      ...{ ...usual, source },
      path: `${path ?? concrete(route)}${query === undefined ? "" : `?${query}`}`,
      method: method ?? usual.method,
    });
    const named = "malformed" in outcome ? undefined : audited;
    world.note({
      ...{ what: `${what} | ${listener} ${route.id}`, mark, source, answer, headers: credentials },
      outcome: route.websocket === true && outcome === UNKNOWN && method !== "HEAD" ? NO_UPGRADE : outcome,
      ...(named !== undefined && { route: named }),
      grpc: listener === "otlpGrpc",
    });
  }

  const everywhere = [...WRITES, ...READS].flatMap((route) =>
    route.listeners.map((listener) => ({ route, listener })),
  );

  it("are one, however they are written: with its checks, or nothing", async () => {
    await each(
      everywhere.flatMap((at) => SPELLINGS.map((spelling) => ({ ...at, spelling }))),
      async ({ route, listener, spelling: [row, what, spell, usual] }) => {
        const path = spell(concrete(route));
        const outcome = AT_THE_END.includes(what) && route.path.endsWith("}") ? "same" : usual;
        const good = isWrite(route) ? tokenMx : keyMx;
        for (const credentials of outcome === "same" ? [[], good] : [good])
          await ask(`${row}: ${what}${credentials.length === 0 ? ", no credential" : ""}`, route, listener, {
            ...{ path, credentials },
            outcome:
              outcome !== "same"
                ? outcome
                : credentials.length === 0
                  ? { refused: "401 credential_missing" }
                  : { as: "tenant-mx" },
            ...(outcome === "same" && { audited: route.id }),
          });
      },
    );
    await world.settle();
  }, 120_000);

  it("are taken by their methods alone", async () => {
    const methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "PROPFIND"];
    await each(
      everywhere.flatMap((at) =>
        methods
          .filter(
            (method) =>
              !ROUTES.some(
                ({ path, methods: own }) => path === at.route.path && own.some((one) => one === method),
              ),
          )
          .map((method) => ({ ...at, method })),
      ),
      async ({ route, listener, method }) => {
        const credentials = isWrite(route) ? tokenMx : keyMx;
        const override = [["x-http-method-override", route.methods[0] ?? ""]] as const;
        await ask(`+: ${method}`, route, listener, {
          ...{ method, credentials: [...credentials, ...override] },
          // An answer to HEAD has no body to say why.
          outcome: method === "HEAD" && listener !== "otlpGrpc" ? { malformed: true } : UNKNOWN,
        });
      },
    );
    await world.settle();
  }, 120_000);

  it("of backends that are not in the table are nothing, for anybody", async () => {
    const [write] = WRITES.filter(({ id }) => id === "otlp-http-logs");
    const [grpc] = WRITES.filter(({ id }) => id === "otlp-grpc-logs");
    const [read] = READS.filter(({ id }) => id === "loki-labels");
    if (write === undefined || read === undefined || grpc === undefined) throw new Error("no routes");
    // All below it is the tenant API's, which lets in who is somebody and has nothing there.
    const tenantApi = { outcome: { refused: "404 not_found" }, audited: "tenant-api" } as const;
    await each(ADMIN, async (path) => {
      const outside = path.startsWith("/api/") ? tenantApi : { outcome: UNKNOWN };
      for (const method of ["GET", "POST", "DELETE"]) {
        const how = { path, method };
        await ask(`43: ${method} ${path}`, write, "otlpHttp", { ...how, ...outside, credentials: tokenMx });
        await ask(`43: ${method} ${path}`, read, "otlpHttp", { ...how, ...outside, credentials: keyMx });
        await ask(`43: ${method} ${path}`, read, "query", { ...how, credentials: keyMx, outcome: UNKNOWN });
      }
      await ask(`43: ${path}`, grpc, "otlpGrpc", { path, credentials: tokenMx, outcome: UNKNOWN });
    });
    await world.settle();
  }, 60_000);

  it("of a listener are not another listener's", async () => {
    const others = (route: Route) =>
      (["otlpGrpc", "otlpHttp", "query"] as const).filter((listener) => !route.listeners.includes(listener));
    await each(
      ROUTES.flatMap((route) => others(route).map((listener) => ({ route, listener }))),
      async ({ route, listener }) => {
        const [mark, source] = [world.ledger.mark(), world.ledger.source()];
        const headers: Credentials = isWrite(route) ? tokenMx : keyMx;
        const path = `${concrete(route)}?query=${mark}`;
        const method = route.methods[0] ?? "GET";
        const answer = await send(world.lab, { listener, method, path, headers, source });
        world.note({
          ...{ what: `+: ${route.id} on ${listener}`, mark, source, answer, headers, outcome: UNKNOWN },
          ...{ route: "route-unknown", grpc: false },
        });
      },
    );
    await world.settle();
  }, 60_000);

  it("42: of Envoy's own administration are two, on a listener of their own", async () => {
    const { envoy } = world.lab.topology.services;
    const ask = (target: object, path: string, method = "GET") =>
      new Promise<number>((resolve, reject) => {
        request({ ...target, path, method, headers: { host: "x" } }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        })
          .on("error", reject)
          .end();
      });
    const health = { host: loopback, port: envoy.ports.health };
    const admin = { socketPath: join(envoy.directories.data, "admin.sock") };
    const paths = [
      "/ready",
      "/stats/prometheus",
      "/stats",
      "/config_dump",
      "/clusters",
      "/quitquitquit",
      "/logging",
      "/certs",
    ];
    const found = async (target: object, method?: string) =>
      Promise.all(paths.map((path) => ask(target, path, method)));
    expect(await found(health)).toEqual([200, 200, 404, 404, 404, 404, 404, 404]);
    expect(await found(health, "POST")).toEqual([404, 404, 404, 404, 404, 404, 404, 404]);
    expect(
      await Promise.all(
        ["/ready/../config_dump", "//config_dump", "/ready?x", "/ready%2f..%2fstats"].map((path) =>
          ask(health, path),
        ),
      ),
    ).toEqual([404, 404, 404, 400]);
    expect(await found(admin)).toEqual([200, 200, 403, 403, 403, 403, 403, 403]);
  });
});
