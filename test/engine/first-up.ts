import type { Entry } from "../components/environment";
import { tempDir } from "../servers";
import { World } from "./provider/world";
import { CONFIG_SECRET, runStack, type Run, type Saved } from "./stack";

/** Two tenants: one with two agents, a service and settings of its own, and one with nothing but its name. */
export const MX = {
  id: "mx",
  name: "México",
  agents: [{ id: "agent-mx" }, { id: "plant" }],
  services: [{ name: "shop", scopes: ["orders:read"] }],
  retention: { logs: { access: "90d" } },
};
export const PE = { id: "pe", name: "Perú" };
export const TENANTS: readonly Entry[] = [MX, PE];

export interface FirstUp extends Saved {
  readonly run: Run;
}

let made: Promise<FirstUp> | undefined;

/** A stack that is up, made once for all tests of a process: they go on with copies of it. */
export const firstUp = (): Promise<FirstUp> => (made ??= make());

function make(): Promise<FirstUp> {
  const directory = tempDir().path;
  const world = new World();
  return runStack(directory, world, async (stack) => {
    await stack.stack.setConfig(`atalaya:${CONFIG_SECRET.key}`, { value: CONFIG_SECRET.value, secret: true });
    const run = await stack.up(TENANTS);
    if (run.problem !== undefined) throw new Error(run.problem);
    return { directory, world, run };
  });
}
