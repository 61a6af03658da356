import { afterAll, beforeAll, describe, it } from "vitest";
import {
  BINDING_HEADER,
  LABEL_POLICY_HEADER,
  REQUESTED_TENANT_HEADER,
  TENANT_HEADER,
  UNTRUSTED_HEADERS,
  USER_HEADER,
} from "../../../src/model/headers";
import { FORGED, type Outcome } from "./ledger";
import { each, READS, World, WRITES, type Credentials } from "./world";

const MX: Outcome = { as: "tenant-mx" };
const DENIED: Outcome = { refused: "403 tenant_denied" };

/** What somebody with the read key of mx asks for, and as whom it reads then. */
const ASKED: readonly (readonly [row: string, what: string, asked: Credentials, Outcome])[] = [
  ["=", "nobody", [], MX],
  ["=", "its own", [[TENANT_HEADER, "tenant-mx"]], MX],
  ["46", "pe", [[TENANT_HEADER, "tenant-pe"]], DENIED],
  ["46", "pe in a name of other letters", [["X-Scope-OrgID", "tenant-pe"]], DENIED],
  ["46", "mx|pe", [[TENANT_HEADER, "tenant-mx|tenant-pe"]], DENIED],
  ["46", "mx| and nothing", [[TENANT_HEADER, "tenant-mx|"]], DENIED],
  ["46", "mx,pe", [[TENANT_HEADER, "tenant-mx,tenant-pe"]], DENIED],
  ["46", "mx, then pe", [[TENANT_HEADER, "tenant-mx"], [TENANT_HEADER, "tenant-pe"]], MX],
  ["46", "pe, then mx", [[TENANT_HEADER, "tenant-pe"], [TENANT_HEADER, "tenant-mx"]], DENIED],
  ["46", "its own in capitals", [[TENANT_HEADER, "TENANT-MX"]], DENIED],
  ["46", "its own with a tab inside", [[TENANT_HEADER, "tenant-\tmx"]], DENIED],
  ["46", "its own encoded", [[TENANT_HEADER, "tenant%2Dmx"]], DENIED],
  ["46", "its own in quotes", [[TENANT_HEADER, '"tenant-mx"']], DENIED],
  ["46", "its own and a limit in Mimir's manner", [[TENANT_HEADER, "tenant-mx:a=b"]], DENIED],
  ["46", "all", [[TENANT_HEADER, "*"]], DENIED],
  ["46", "the platform", [[TENANT_HEADER, "tenant-platform"]], DENIED],
  ["46", "a backend's own tenant", [[TENANT_HEADER, "anonymous"]], DENIED],
  ["46", "bytes that are no text", [[TENANT_HEADER, "tenant-m\u00fc"]], DENIED],
  ["+", "pe, and itself by our private header", [[TENANT_HEADER, "tenant-pe"], [REQUESTED_TENANT_HEADER, "tenant-mx"]], DENIED],
  ["+", "itself, and pe by our private header", [[REQUESTED_TENANT_HEADER, "tenant-pe"]], MX],
]; // prettier-ignore

/** Of all that carries trust, something that is not so. */
const FORGERY: Credentials = [
  [TENANT_HEADER, "tenant-mx"],
  ...[REQUESTED_TENANT_HEADER, BINDING_HEADER, USER_HEADER, LABEL_POLICY_HEADER, ...UNTRUSTED_HEADERS].map(
    (name) => [name, FORGED] as const,
  ),
  [BINDING_HEADER, "agent-pe|tenant-pe"],
  ["x-envoy-original-path", `/loki/api/v1/delete?${FORGED}`],
  ["x-envoy-internal", "true"],
  ["x-envoy-decorator-operation", FORGED],
  ["x-forwarded-host", "tenant-pe"],
];

describe("headers that carry trust", () => {
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

  it("are judged on every route that reads, on each listener", async () => {
    await each(
      READS.flatMap((route) =>
        route.listeners.flatMap((listener) => ASKED.map((one) => ({ route, listener, one }))),
      ),
      async ({ route, listener, one: [row, what, asked, outcome] }) => {
        await world.try({
          ...{ what: `${row}: a key of mx asks for ${what}`, route, listener, outcome },
          credentials: [...keyMx, ...asked],
        });
      },
    );
    await world.settle();
  }, 120_000);

  it("are ours on every route: none that a client forges comes out behind", async () => {
    await each([...READS, ...WRITES], async (route) => {
      for (const listener of route.listeners)
        await world.try({
          ...{ what: "+: every header of trust forged", route, listener, outcome: MX },
          credentials: [...(WRITES.includes(route) ? tokenMx : keyMx), ...FORGERY],
        });
    });
    await world.settle();
  }, 60_000);

  it("are not taken from names with an underscore, which some backends read as a dash", async () => {
    await each([...READS, ...WRITES], async (route) => {
      for (const listener of route.listeners)
        await world.try({
          ...{ what: "22: X_Scope_OrgID", route, listener, audited: undefined },
          outcome: { malformed: true },
          credentials: [...(WRITES.includes(route) ? tokenMx : keyMx), ["X_Scope_OrgID", "tenant-pe"]],
        });
    });
    await world.settle();
  }, 60_000);
});
