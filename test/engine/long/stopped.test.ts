import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { STOPPED } from "../../../src/stack/program";
import { data, passwords } from "../data";
import { firstUp, type FirstUp } from "../first-up";
import { CONTAINER, NETWORK } from "../provider/world";
import { withStack, type EngineStack, type Run } from "../stack";

let first: FirstUp;
beforeAll(async () => {
  first = await firstUp();
}, 180_000);
afterEach(() => {
  Reflect.deleteProperty(process.env, STOPPED);
});

function stop(stack: EngineStack): Promise<Run> {
  process.env[STOPPED] = "true";
  return stack.up().finally(() => Reflect.deleteProperty(process.env, STOPPED));
}

/** `delete docker:Container`, each once. */
const kinds = ({ operations }: Run): readonly string[] => [
  ...new Set(operations.map((operation) => operation.split(" ").slice(0, 2).join(" "))),
];

describe("an up that stops the environment", { timeout: 300_000 }, () => {
  it("removes what runs, keeps data, passwords and accounts, and the next up finds them", async () => {
    await withStack(async (stack) => {
      const { world } = stack;
      const [kept, known] = [data(world), passwords(world)];
      expect(kept.length).toBe(6 + 3 + 1);
      expect(known.size).toBeGreaterThan(4);
      const accounts = world.things.filter(({ type }) => /^(keycloak|grafana|random|tls):/.test(type));

      const stopped = await stop(stack);
      expect(stopped.problem).toBeUndefined();
      expect(kinds(stopped)).toEqual([
        "delete docker:Container",
        "delete docker:Image",
        "delete docker:Network",
        "delete docker:RemoteImage",
        "delete docker:Volume",
      ]);
      expect(world.of(CONTAINER)).toEqual([]);
      expect(world.of(NETWORK)).toEqual([]);
      for (const thing of [...kept, ...accounts]) expect(world.things).toContain(thing);

      const started = await stack.up();
      expect(started.problem).toBeUndefined();
      expect(kinds(started)).toEqual(kinds(stopped).map((kind) => kind.replace("delete", "create")));
      for (const thing of [...kept, ...accounts]) expect(world.things).toContain(thing);
      expect(passwords(world)).toEqual(known);
    }, first);
  });
});
