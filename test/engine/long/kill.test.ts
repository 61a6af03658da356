import { beforeAll, describe, expect, it } from "vitest";
import type { Entry } from "../../components/environment";
import { firstUp, TENANTS, type FirstUp } from "../first-up";
import { creating, killedUp, recover, type Recovered } from "../interrupted";
import type { World } from "../provider/world";
import { withStack, type EngineStack } from "../stack";

const LIST: readonly Entry[] = [...TENANTS, { id: "co", name: "Colombia" }];

let first: FirstUp;
beforeAll(async () => {
  first = await firstUp();
}, 180_000);

/** Data, and whoever logs in to it: what was there before is the same one afterwards. */
const KEPT = /^docker:index\/volume|^keycloak:|^grafana:oss\/organization/;
const keptIn = (world: World): readonly string[] =>
  world.things.filter(({ type }) => KEPT.test(type)).map(({ type, id }) => `${type} ${id}`);

interface Passwords {
  readonly tenants: { readonly value: Readonly<Record<string, unknown>> };
}

/** Everybody's passwords and keys who was there before. */
async function passwords(stack: EngineStack): Promise<unknown> {
  const { tenants } = (await stack.stack.outputs()) as unknown as Passwords;
  return [tenants.value["mx"], tenants.value["pe"]];
}

/** Kills an up of one more tenant, recovers, and holds that the next up makes the rest and the one after it nothing. */
async function converges(
  stack: EngineStack,
  moment: "before" | "after",
  name: string,
): Promise<Recovered & { readonly left: readonly string[] }> {
  const [before, secrets] = [keptIn(stack.world), await passwords(stack)];
  await killedUp(stack, LIST, moment, creating(name));
  const left = keptIn(stack.world);
  const recovered = await recover(stack);
  expect(recovered.outcome).toBe("recovered");
  expect((await recover(stack)).said).toEqual([
    "The state of stack dev knows of nothing that was interrupted.",
  ]);
  expect((await stack.up(LIST)).problem).toBeUndefined();
  expect((await stack.up(LIST)).operations).toEqual([]);
  expect(keptIn(stack.world)).toEqual(expect.arrayContaining([...before]));
  expect(await passwords(stack)).toEqual(secrets);
  return { ...recovered, left };
}

describe("an up that is killed", { timeout: 400_000 }, () => {
  it("is named by the next one, which is refused; recover --dry-run says what it would do, and changes nothing", async () => {
    await withStack(async (stack) => {
      await killedUp(stack, LIST, "after", creating("agent-co-container"));
      expect((await stack.up(LIST)).problem).toMatch(/the stack is currently locked/);
      const things = [...stack.world.things];
      const planned = await recover(stack, { dryRun: true });
      expect(planned.said).toContain(
        "  agent-co-container was being made, and its container atalaya-dev-agent-co is there, unfinished: removed, up makes it anew.",
      );
      expect(planned.kept).toEqual([]);
      expect(stack.world.things).toEqual(things);
      expect((await stack.up(LIST)).problem).toMatch(/the stack is currently locked/);
      await stack.stack.cancel();
      const blocked = await stack.up(LIST);
      expect(blocked.problem).toMatch(/agent-co-container, interrupted while creating/);
      expect(blocked.problem).toMatch(/Conflict: .* exists already/);
      expect((await recover(stack)).outcome).toBe("recovered");
      expect((await stack.up(LIST)).problem).toBeUndefined();
      expect((await stack.up(LIST)).operations).toEqual([]);
    }, first);
  });

  it("before something is made: recover finds that it is not there, and the next up makes it", async () => {
    await withStack(async (stack) => {
      const { said } = await converges(stack, "before", "envoy-files");
      expect(said).toContain("  envoy-files was being made, and was not: up makes it.");
    }, first);
  });

  it("after a Keycloak client was made: it is removed, and the next up makes it with a secret that is known", async () => {
    await withStack(async (stack) => {
      const { said, left } = await converges(stack, "after", "agent-co-client");
      expect(said).toContain(
        "  agent-co-client was being made, and its client agent-co is there, unfinished: removed, up makes it anew.",
      );
      const CLIENT = "keycloak:openid/client:Client";
      const { id } = stack.world.named(CLIENT, "clientId", "agent-co");
      expect(left).not.toContain(`${CLIENT} ${id}`);
      expect(left.filter((line) => line.startsWith(CLIENT)).length).toBe(stack.world.of(CLIENT).length);
    }, first);
  });

  it("after a volume was made: it is kept, and the state is told of it", async () => {
    await withStack(async (stack) => {
      const { said, left } = await converges(stack, "after", "agent-co-data");
      expect(said).toContain(
        "  agent-co-data was being made, and its volume atalaya-dev-agent-co.data is there: kept, the state is told of it.",
      );
      expect(left).toContain("docker:index/volume:Volume atalaya-dev-agent-co.data");
    }, first);
  });

  it("after a Grafana organisation was made: it is kept, with its number", async () => {
    await withStack(async (stack) => {
      const { said, left } = await converges(stack, "after", "co-organisation");
      expect(said).toContain(
        "  co-organisation was being made, and its organisation Colombia is there: kept, the state is told of it.",
      );
      expect(keptIn(stack.world)).toEqual(expect.arrayContaining([...left]));
    }, first);
  });
});
