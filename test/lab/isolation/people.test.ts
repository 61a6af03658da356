import { afterAll, beforeAll, describe, it } from "vitest";
import { TENANT_HEADER } from "../../../src/model/headers";
import { PEOPLE_CLIENT } from "../../../src/model/names";
import { deviceTokens } from "../device";
import type { Claims } from "./forge";
import type { Outcome } from "./ledger";
import { each, READS, World, WRITES, type Credentials } from "./world";

const MX: Outcome = { as: "tenant-mx" };
const PE: Outcome = { as: "tenant-pe" };
const DENIED: Outcome = { refused: "403 tenant_denied" };
const REQUIRED: Outcome = { refused: "403 tenant_required" };

/** What a person of these groups reads, who asks for this tenant; `undefined` asks for nobody. */
const PEOPLE: readonly (readonly [row: string, what: string, groups: unknown, asked: string | undefined, Outcome])[] = [
  ["=", "a viewer of mx", ["/tenants/mx/viewer"], undefined, MX],
  ["=", "an editor of mx", ["/tenants/mx/editor"], undefined, MX],
  ["=", "an admin of mx, as mx", ["/tenants/mx/admin"], "tenant-mx", MX],
  ["=", "an operator, as pe", ["/operators"], "tenant-pe", PE],
  ["=", "a viewer of both, as pe", ["/tenants/mx/viewer", "/tenants/pe/viewer"], "tenant-pe", PE],
  ["44", "a viewer of mx, as pe", ["/tenants/mx/viewer"], "tenant-pe", DENIED],
  ["46", "a viewer of mx, as mx|pe", ["/tenants/mx/viewer"], "tenant-mx|tenant-pe", DENIED],
  ["46", "a viewer of both, as mx|pe", ["/tenants/mx/viewer", "/tenants/pe/viewer"], "tenant-mx|tenant-pe", DENIED],
  ["46", "an operator, as mx|pe", ["/operators"], "tenant-mx|tenant-pe", DENIED],
  ["46", "an operator, as mx,pe", ["/operators"], "tenant-mx,tenant-pe", DENIED],
  ["46", "an operator, as all", ["/operators"], "*", DENIED],
  ["46", "an operator, as nobody that is known", ["/operators"], "tenant-zz", DENIED],
  ["+", "a viewer of both, as nobody", ["/tenants/mx/viewer", "/tenants/pe/viewer"], undefined, REQUIRED],
  ["+", "an operator, as nobody", ["/operators"], undefined, REQUIRED],
  ["+", "a member of the tenant's group alone", ["/tenants/mx"], "tenant-mx", DENIED],
  ["+", "a role that nobody has", ["/tenants/mx/owner"], "tenant-mx", DENIED],
  ["+", "a group below a role", ["/tenants/mx/viewer/x"], "tenant-mx", DENIED],
  ["+", "a group with a path inside", ["/tenants/pe/../mx/viewer"], "tenant-mx", DENIED],
  ["+", "a group of that name elsewhere", ["/x/tenants/mx/viewer"], "tenant-mx", DENIED],
  ["+", "operators of something else", ["/operators/x", "/x/operators", "operators"], "tenant-mx", DENIED],
  ["+", "a tenant in other letters", ["/tenants/MX/viewer"], "tenant-mx", DENIED],
  ["+", "a tenant that is none", ["/tenants/zz/viewer"], "tenant-zz", DENIED],
  ["+", "groups as text", "/tenants/mx/viewer", "tenant-mx", DENIED],
  ["+", "groups of other things than text", [{ path: "/operators" }, 1, null], "tenant-mx", DENIED],
  ["+", "no groups", undefined, "tenant-mx", DENIED],
  ["+", "an empty list of groups", [], undefined, DENIED],
]; // prettier-ignore

describe("people", () => {
  let world: World;
  let viewer: string;
  let operator: string;
  beforeAll(async () => {
    world = await World.open();
    const { tenants, operators } = world.forge.outputs;
    const login = (username: string, password = "") =>
      deviceTokens(world.lab.urls.keycloak, { username, password });
    viewer = (await login("mx-viewer", tenants["mx"]?.users["mx-viewer"]?.password)).access_token;
    operator = (await login("operator", operators["operator"]?.password)).access_token;
  }, 180_000);
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  const asking = (token: string, asked: string | undefined): Credentials => [
    world.bearer(token),
    ...(asked === undefined ? [] : ([[TENANT_HEADER, asked]] as const)),
  ];
  const person = (claims: Claims): Promise<string> =>
    world.forge.sign(
      world.forge.agent("mx", { azp: PEOPLE_CLIENT, client_id: undefined, tenant_id: undefined, ...claims }),
    );
  const everywhere = READS.flatMap((route) => route.listeners.map((listener) => ({ route, listener })));

  it("read by their real tokens what is theirs: viewers one tenant, operators the one they name", async () => {
    const tried: readonly (readonly [string, string, string | undefined, Outcome])[] = [
      ["mx-viewer as nobody", viewer, undefined, MX],
      ["mx-viewer as mx", viewer, "tenant-mx", MX],
      ["mx-viewer as pe", viewer, "tenant-pe", DENIED],
      ["operator as mx", operator, "tenant-mx", MX],
      ["operator as pe", operator, "tenant-pe", PE],
      ["operator as nobody", operator, undefined, REQUIRED],
    ];
    await each(
      everywhere.flatMap((at) => tried.map((one) => ({ at, one }))),
      async ({ at, one: [what, token, asked, outcome] }) => {
        await world.try({ ...at, what: `44: ${what}`, credentials: asking(token, asked), outcome });
      },
    );
    await world.settle();
  }, 60_000);

  it("read by their groups, whatever they ask for", async () => {
    const some = everywhere.filter(({ route }) =>
      ["loki-query", "mimir-query", "tempo-search"].includes(route.id),
    );
    await each(
      some.flatMap((at) => PEOPLE.map((one) => ({ at, one }))),
      async ({ at, one: [row, what, groups, asked, outcome] }) => {
        const credentials = asking(await person({ groups }), asked);
        await world.try({ ...at, what: `${row}: ${what}`, credentials, outcome });
      },
    );
    await world.settle();
  }, 60_000);

  it("14: write nothing, neither by groups nor by a claim that is an agent's", async () => {
    const tokens = [viewer, operator, await person({ groups: ["/operators"], tenant_id: "tenant-mx" })];
    await each(
      WRITES.flatMap((route) => tokens.map((token) => ({ route, token }))),
      async ({ route, token }) => {
        for (const asked of [undefined, "tenant-mx"])
          await world.try({
            what: "14: a person writes",
            route,
            credentials: asking(token, asked),
            outcome: DENIED,
          });
      },
    );
    await world.settle();
  });
});
