import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { machine } from "../commands";
import { data } from "../data";
import { CONTAINER, NETWORK, VOLUME, World } from "../provider/world";

describe("destroy", { timeout: 900_000 }, () => {
  it("keeps data until it is told not to, even when nothing runs any more", async () => {
    const world = new World();
    await using on = await machine(world, ["mx"]);
    const must = async (...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await on.atalaya(args);
      expect([args, code, stderr.replaceAll(/^.* \.\.\.\n/gm, "")]).toEqual([args, 0, ""]);
      return stdout;
    };
    await must("up", "--yes");
    const passphrase = readFileSync(join(on.home, "passphrase"), "utf8");
    const kept = data(world);

    const things = structuredClone(world.things);
    const careless = await on.atalaya(["up", "--yes"], { CARELESS: "yes" });
    expect([careless.code, careless.stderr.trim().split("\n").at(-1)]).toEqual([
      1,
      "A policy refuses this (see above); nothing was changed.",
    ]);
    expect(world.things).toEqual(things);

    expect(await must("refresh", "--yes")).toMatch(/\nNothing of dev was changed by hand\.\n$/);

    // Somebody removes a container.
    world.remove(({ type, inputs }) => type === CONTAINER && inputs["name"] === "atalaya-dev-mimir");
    expect(await must("refresh", "--preview-only")).toMatch(
      /\n1 thing is not as the last update left it\. To make everything as it is declared: npm run up\n$/,
    );

    // A list that was changed is an update's business, not something that happens while everything goes away.
    on.list(["mx", "cl"]);
    const refused = await on.atalaya(["destroy", "--yes"]);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(
        /^(.* \.\.\.\n)*dev is not as its tenant list and settings say, .*\n( {2}- create .*\n){5} {2}- \.\.\.\nNothing was changed\. Apply that first \(npm run up\), or take the change back\.\n$/,
      ),
    ]);
    on.list(["mx"]);

    const stopped = await must("destroy", "--yes");
    expect(stopped).toMatch(
      /\ndev is stopped, and its data is kept\.\n {2}To start it again: {5}npm run up\n/,
    );
    expect([world.of(CONTAINER), world.of(NETWORK)]).toEqual([[], []]);
    expect(data(world)).toEqual(kept);

    // What Keycloak and Grafana have goes with their volumes: neither runs.
    const accounts = world.things.filter(({ type }) => /^(keycloak|grafana):/.test(type)).length;
    expect(accounts).toBeGreaterThan(10);
    const asked: string[] = [];
    world.before = ({ kind, type }) => {
      if (/^(keycloak|grafana):/.test(type)) asked.push(`${kind} ${type}`);
    };
    const removed = await must("destroy", "--with-data", "--yes");
    expect(removed).toContain(
      "This removes all that dev has, for ever:\n  metrics, logs, traces and dashboards of 1 tenant: mx\n",
    );
    expect(removed).toContain("\n    atalaya-dev-mimir.data\n");
    expect(removed).toMatch(/\nNothing of dev is left\. To begin anew: npm run up\n$/);
    expect(asked).toEqual([]);
    expect(world.of(VOLUME)).toEqual([]);
    expect(readFileSync(join(on.home, "passphrase"), "utf8")).toBe(passphrase);

    const { code, stderr } = await on.atalaya(["token", "mx"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("Stack dev has no outputs")]);
    expect(existsSync(join(on.home, "state/.pulumi/stacks/atalaya/dev.json"))).toBe(true);
  });
});
