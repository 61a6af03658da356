import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Entry } from "../../components/environment";
import { text, type Fields } from "../provider/table";
import type { Call } from "../provider/world";
import { firstUp, TENANTS, type FirstUp } from "../first-up";
import { listed, PROGRAM_ENVIRONMENT, STACK, withStack, type EngineStack } from "../stack";

const LIST: readonly Entry[] = [...TENANTS, { id: "co", name: "Colombia" }];

let first: FirstUp;
beforeAll(async () => {
  first = await firstUp();
}, 180_000);

/** Runs an up in a process of its own and kills it, with the CLI, at `moment` of a change, which the servers finish. */
function killedUp(
  stack: EngineStack,
  moment: "before" | "after",
  isMeant: (call: Call) => boolean,
): Promise<void> {
  const project = join(stack.directory, "kept", "project");
  writeFileSync(join(stack.directory, "kept", "tenants.yaml"), listed(LIST));
  const child = spawn(
    process.execPath,
    ["--import", "tsx", join(__dirname, "..", "child.ts"), project, STACK, stack.directory],
    {
      detached: true,
      stdio: "ignore",
      env: {
        ...process.env,
        ...stack.environment,
        ...PROGRAM_ENVIRONMENT(),
      },
    },
  );
  return new Promise((resolve, reject) => {
    let killed = false;
    stack.world[moment] = (call) => {
      if (killed || !isMeant(call)) return;
      killed = true;
      // Its whole group: the CLI is its child. Nobody is left to hear the answer.
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      if (moment === "before") throw new Error("It never came to this.");
    };
    child.once("exit", () => {
      stack.world[moment] = () => undefined;
      if (killed) setTimeout(resolve, 1_000);
      else reject(new Error("It ended by itself."));
    });
  });
}

const creating =
  (name: string) =>
  (call: Call): boolean =>
    call.kind === "create" && call.name === name;

interface Deployment {
  readonly resources: readonly object[];
  readonly pending_operations?: readonly {
    readonly type: string;
    readonly resource: { readonly urn: string; readonly type: string; readonly inputs: Fields };
  }[];
}

/** What the servers call a thing of which the state knows that it was being made. */
const NAMES = ["realmId", "parentId", "orgId", "clientId", "name", "username", "uid", "realm"];
const nameOf = (inputs: Fields): string => NAMES.map((key) => text(inputs[key] ?? "")).join(" ");

/**
 * Gives the state what an interrupted update has made, with the id that its server says, and drops what was not made. By hand
 * (`pulumi stack export`, `import`), because `pulumi refresh --import-pending-creates` loses it (CLI 3.200). Then it is read.
 * Returns the names of what was found.
 */
async function adoptLeftovers({ stack, world }: EngineStack): Promise<readonly string[]> {
  const exported = await stack.exportStack();
  const deployment = exported.deployment as Deployment;
  const found = (deployment.pending_operations ?? []).flatMap(({ type, resource }) => {
    const thing = world.of(resource.type).find(({ inputs }) => nameOf(inputs) === nameOf(resource.inputs));
    return type === "creating" && thing !== undefined ? [{ ...resource, id: thing.id }] : [];
  });
  const resources = [...deployment.resources, ...found];
  await stack.importStack({ ...exported, deployment: { ...deployment, resources, pending_operations: [] } });
  await stack.refresh();
  return found.map(({ urn }) => urn.split("::").at(-1) ?? "");
}

describe("an up that is killed", { timeout: 240_000 }, () => {
  it("before something is made goes on, once its lock is taken away and the state is told what else was made", async () => {
    await withStack(async (stack) => {
      await killedUp(stack, "before", creating("envoy-files"));
      expect((await stack.up(LIST)).problem).toMatch(/the stack is currently locked/);
      await stack.stack.cancel();
      // Others were under way beside it.
      expect(await adoptLeftovers(stack)).not.toContain("envoy-files");
      expect((await stack.up(LIST)).problem).toBeUndefined();
      expect((await stack.up(LIST)).operations).toEqual([]);
    }, first);
  });

  it("while something is made leaves it behind: the next up names it, and goes on once the state knows it", async () => {
    await withStack(async (stack) => {
      await killedUp(stack, "after", creating("agent-co-container"));
      await stack.stack.cancel();
      const blocked = await stack.up(LIST);
      expect(blocked.problem).toMatch(/agent-co-container, interrupted while creating/);
      expect(blocked.problem).toMatch(/Conflict: .* exists already/);

      expect(await adoptLeftovers(stack)).toContain("agent-co-container");
      expect((await stack.up(LIST)).problem).toBeUndefined();
      expect((await stack.up(LIST)).operations).toEqual([]);
    }, first);
  });
});
