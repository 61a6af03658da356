import { beforeAll, describe, expect, it } from "vitest";
import { entries, text, type Fields } from "../provider/table";
import { CONTAINER, VOLUME, type World } from "../provider/world";
import { firstUp, type FirstUp } from "../first-up";
import { pulumi, withStack } from "../stack";

let first: FirstUp;
beforeAll(async () => {
  first = await firstUp();
}, 180_000);

/** What holds data, as the servers have it: their own objects, so that one that was made anew is seen. */
const data = (world: World): readonly unknown[] => [
  ...world.of(VOLUME).filter(({ id }) => id.endsWith(".data")),
  ...world.of("keycloak:index/realm:Realm"),
];

/** The passwords that open it, as the processes are told them: files by path. */
const passwords = (world: World): ReadonlyMap<string, string> =>
  new Map(
    world
      .of(CONTAINER)
      .flatMap(({ inputs }) => entries(inputs["uploads"]))
      .map(({ file, content }: Fields) => [text(file), text(content)] as const)
      .filter(([file]) =>
        /\/(postgres\/secrets\/|keycloak\/secrets\/|grafana\/secrets\/(admin|secret)|auth\/secrets\/pepper|redis\/secrets)/.test(
          file,
        ),
      ),
  );

describe("a destroy", { timeout: 180_000 }, () => {
  it("is refused while anything is protected, and touches nothing", async () => {
    await withStack(async (stack) => {
      const { world } = stack;
      const before = structuredClone(world.things);
      const { code, stdout } = await pulumi(stack, ["destroy", "--yes"]);
      expect(code).not.toBe(0);
      for (const name of ["mimir-data", "realm", "redis-password"])
        expect(stdout).toMatch(new RegExp(`::${name}" cannot be deleted\\s+because it is protected`));
      expect(world.things).toEqual(before);
    }, first);
  });

  it("of what is not protected keeps data and passwords, and the next up finds them", async () => {
    await withStack(async (stack) => {
      const { world } = stack;
      const [kept, known] = [data(world), passwords(world)];
      expect(kept.length).toBe(6 + 3 + 1);
      expect(known.size).toBeGreaterThan(4);

      const destroyed = await stack.destroy({ excludeProtected: true });
      expect(destroyed.problem).toBeUndefined();
      expect(data(world)).toEqual(kept);
      for (const service of ["envoy", "auth", "grafana", "mimir", "loki", "tempo", "alloy-gateway", "redis"])
        expect([service, world.runs(service)]).toEqual([service, false]);

      const up = await stack.up();
      expect(up.problem).toBeUndefined();
      data(world).forEach((thing, index) => {
        expect(thing).toBe(kept[index]);
      });
      expect(passwords(world)).toEqual(known);
      expect((await stack.up()).operations).toEqual([]);
    }, first);
  });
});
