import { createServer, type RequestListener, type Server } from "node:http";
import { afterAll, beforeAll, describe, it } from "vitest";
import { loopback } from "../../../src/lab/servers/net";
import { TENANT_HEADER, USER_HEADER } from "../../../src/model/headers";
import { ROUTES } from "../../../src/model/routes";
import type { Refusal } from "./ledger";
import { each, World, type Credentials } from "./world";

type Answer = RequestListener;

const yes =
  (...headers: readonly (readonly [string, string])[]): Answer =>
  (_request, response) => {
    response.writeHead(200, [["content-length", "0"], ...headers].flat()).end();
  };
const says =
  (status: number, body = ""): Answer =>
  (_request, response) => {
    response.writeHead(status, { "content-type": "text/html" }).end(body);
  };

const UNDECIDED = "503 tenant_undecided";
const UNAVAILABLE = "503 authorization_unavailable";
const INNER = "<h1>tenant-pe at 127.0.0.1:8000</h1>";

/** What the auth service answers, and what the edge makes of it: the client asks for tenant-pe all the while. */
const LIES: readonly (readonly [row: string, what: string, Answer, Refusal])[] = [
  ["28", "yes without a tenant", yes(), UNDECIDED],
  ["28", "yes with a user and no tenant", yes([USER_HEADER, "tenant-mx"]), UNDECIDED],
  ["28", "yes with an empty tenant", yes([TENANT_HEADER, ""]), UNDECIDED],
  ["28", "yes with a|b", yes([TENANT_HEADER, "tenant-mx|tenant-pe"]), UNDECIDED],
  ["28", "yes with a,b", yes([TENANT_HEADER, "tenant-mx,tenant-pe"]), UNDECIDED],
  ["28", "yes with capitals", yes([TENANT_HEADER, "TENANT-MX"]), UNDECIDED],
  ["28", "yes with a space inside", yes([TENANT_HEADER, "tenant-mx tenant-pe"]), UNDECIDED],
  ["28", "yes with a path", yes([TENANT_HEADER, "tenant-mx/../tenant-pe"]), UNDECIDED],
  ["28", "yes with a star", yes([TENANT_HEADER, "*"]), UNDECIDED],
  ["28", "yes with a backend's own tenant", yes([TENANT_HEADER, "anonymous"]), UNDECIDED],
  ["28", "yes with the id alone", yes([TENANT_HEADER, "mx"]), UNDECIDED],
  ["28", "yes by the header of what was asked for", yes(["x-atalaya-requested-tenant", "tenant-mx"]), UNDECIDED],
  ["28", "yes with headers for the request in Envoy's manner", yes(["x-envoy-auth-headers-to-remove", TENANT_HEADER]), UNDECIDED],
  ["30", "201", says(201), "503 authorization_unavailable"],
  ["30", "302", says(302), "503 authorization_unavailable"],
  ["30", "400", says(400, INNER), "503 authorization_unavailable"],
  ["30", "404", says(404, INNER), "503 authorization_unavailable"],
  ["30", "429", says(429, INNER), "503 authorization_unavailable"],
  ["30", "500", says(500, INNER), UNAVAILABLE],
  ["30", "502", says(502, INNER), UNAVAILABLE],
  ["30", "503", says(503, INNER), UNAVAILABLE],
  ["30", "504", says(504, INNER), UNAVAILABLE],
  ["30", "nothing at all", () => undefined, UNAVAILABLE],
  ["30", "a broken connection", (asked) => asked.socket.destroy(), UNAVAILABLE],
  ["30", "something that is not HTTP", (asked) => asked.socket.end("tenant-mx\r\n\r\n"), UNAVAILABLE],
  ["30", "half an answer", (asked) => asked.socket.end("HTTP/1.1 200 OK\r\nx-scope-orgid: tenant-mx\r\n"), UNAVAILABLE],
]; // prettier-ignore

const BY_SERVICE = ROUTES.filter(({ verifier }) => verifier === "authService");

/** Somebody else on the auth service's port: what he says, no request gets by, and none is refused for good. */
describe("an auth service that lies or fails", () => {
  let world: World;
  let fake: Server;
  let answer: Answer;
  beforeAll(async () => {
    world = await World.open();
    await world.lab.processes.auth.stop();
    fake = createServer((request, response) => {
      answer(request, response);
    });
    await new Promise<void>((resolve) => {
      fake.listen(world.lab.topology.services.auth.ports.http, loopback, resolve);
    });
  }, 180_000);
  afterAll(async () => {
    fake.closeAllConnections();
    await new Promise((resolve) => fake.close(resolve));
    await world.lab.processes.auth.start();
    await world[Symbol.asyncDispose]();
  });

  it.each(LIES)(
    "%s: %s: nothing passes",
    async (row, what, lie, refused) => {
      answer = lie;
      const credentials: Credentials = [
        ["x-api-key", world.key("mx")],
        [TENANT_HEADER, "tenant-pe"],
      ];
      const everywhere = BY_SERVICE.flatMap((route) =>
        route.listeners.map((listener) => ({ route, listener })),
      );
      // All at once, because each may have to wait for its time to be over.
      await each(
        everywhere,
        async (at) => {
          await world.try({ ...at, what: `${row}: ${what}`, credentials, outcome: { refused } });
        },
        everywhere.length,
      );
      await world.settle();
    },
    60_000,
  );

  it("28: yes with two tenants: the last one, and never the client's own", async () => {
    // Envoy sets what it is answered, one header after the other; joining them would let two values meet in one.
    answer = yes([TENANT_HEADER, "tenant-mx"], [TENANT_HEADER, "tenant-co"]);
    const credentials: Credentials = [
      ["x-api-key", world.key("mx")],
      [TENANT_HEADER, "tenant-pe"],
    ];
    await each(
      BY_SERVICE.filter(({ right }) => "signal" in right),
      async (route) => {
        for (const listener of route.listeners)
          await world.try({
            what: "28: two tenants",
            route,
            listener,
            credentials,
            outcome: { as: "tenant-co" },
          });
      },
    );
    await world.settle();
  });

  it("30: nobody there: agents' tokens need nobody", async () => {
    await new Promise((resolve) => {
      fake.closeAllConnections();
      fake.close(resolve);
    });
    const token = world.bearer(await world.lab.token("agent-mx"));
    await each(ROUTES, async (route) => {
      const agent = route.verifier === "agentJwt";
      for (const listener of route.listeners)
        await world.try({
          ...{ what: "30: nobody there", route, listener },
          credentials: agent ? [token] : [["x-api-key", world.key("mx")]],
          // What nobody is asked about has nobody to answer it, either.
          outcome: agent
            ? { as: "tenant-mx" }
            : { refused: route.verifier === "nobody" ? "503 unavailable" : UNAVAILABLE },
        });
    });
    await world.settle();
  });
});
