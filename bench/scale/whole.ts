import { EdgeClient } from "../../src/client/edge";
import type { Lab } from "../../src/lab/lab";
import { defaultAgentId, orgId, type TenantId } from "../../src/model/names";
import { ROUTES } from "../../src/model/routes";

const LATEST_MS = 60_000;

/** A tenant more in the whole lab. Milliseconds. */
export interface Whole {
  /** Of how many there are then. */
  readonly tenants: number;
  /** Of declaring, placing all files, waiting for Envoy, and making its objects in Keycloak. */
  readonly applied: number;
  /** From there until its agent has a token of Keycloak's and its first write is stored. */
  readonly wrote: number;
}

/** As `up` does it, with the lab in place of the engine: files first, credentials last. */
export async function whole(lab: Lab): Promise<Whole> {
  const [like] = lab.tenants;
  const route = ROUTES.find(({ id }) => id === "otlp-http-logs");
  if (like === undefined || route === undefined) throw new Error("The lab has no tenant.");
  const id = "late" as TenantId;
  const late = {
    ...like,
    id,
    orgId: orgId(id),
    name: "Late",
    agents: [{ id: defaultAgentId(id) }],
    services: [],
  };
  const began = performance.now();
  await lab.applyTenants([...lab.tenants, late]);
  const applied = performance.now();
  const edge = new EdgeClient(lab);
  const mark = "bench_of_a_new_tenant";
  for (;;) {
    const authorization = `Bearer ${await lab.token(defaultAgentId(id))}`;
    const { status } = await edge.write(route, mark, { authorization });
    if (status === 200) break;
    if (performance.now() - applied > LATEST_MS) throw new Error(`The new tenant is answered ${status}.`);
  }
  const wrote = performance.now();
  const stored = lab.stored({ contains: mark }).map(({ tenant }) => tenant);
  if (stored.join() !== late.orgId) throw new Error(`The new tenant's item is stored for ${stored.join()}.`);
  return { tenants: lab.tenants.length, applied: applied - began, wrote: wrote - applied };
}
