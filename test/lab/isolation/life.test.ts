import { createHmac } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { httpUrl } from "../../../src/model/topology";
import type { KeyFile } from "../../../src/model/directory";
import { SIGNALS } from "../../../src/render/pipeline";
import { waitUntil } from "../../../src/lab/servers/net";
import { authz } from "./authz";
import type { Outcome } from "./ledger";
import { each, READS, World, WRITES, type Credentials } from "./world";

/** How soon a change is in force: the edge follows its files at once, the auth service looks at its own each second. */
const IN_FORCE_MS = 2_000;

describe("credentials that come and go", () => {
  let world: World;
  beforeAll(async () => {
    world = await World.open();
  }, 180_000);
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  const every = async (what: string, routes: typeof WRITES, credentials: Credentials, outcome: Outcome) =>
    each(routes, async (route) => {
      for (const listener of route.listeners)
        await world.try({ what, route, listener, credentials, outcome });
    });

  it("7: a flood of unknown keys fetches next to nothing, and others do not notice it", async () => {
    const { lab, forge } = world;
    const fetches = async (): Promise<number> => {
      const text = await (
        await fetch(`${httpUrl(lab.topology.services.keycloak, "management")}/metrics`)
      ).text();
      const lines = text
        .split("\n")
        .filter((line) => line.startsWith("http_server_requests_seconds_count") && line.includes("/certs"));
      return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
    };
    const good = await lab.token("agent-pe");
    const [before, began] = [await fetches(), Date.now()];
    expect(before).toBeGreaterThan(0);
    const [write, read] = [
      WRITES.find(({ id }) => id === "otlp-http-logs"),
      READS.find(({ id }) => id === "loki-query"),
    ];
    if (write === undefined || read === undefined) throw new Error("no routes");
    await each(
      Array.from({ length: 200 }, (_, index) => index),
      async (index) => {
        const token = await forge.sign(forge.agent("mx"), { kid: `nobody-${index}` });
        const credentials = [world.bearer(token)];
        await world.try({
          what: "7: flood",
          route: write,
          credentials,
          outcome: { refused: "503 keys_unavailable" },
        });
        await world.try({
          ...{ what: "7: flood", route: read, credentials },
          outcome: { refused: ["401 token_invalid", "503 authorization_unavailable"] },
        });
        await world.try({
          what: "7: beside it",
          route: write,
          credentials: [world.bearer(good)],
          outcome: { as: "tenant-pe" },
        });
        await world.try({
          what: "7: beside it",
          route: read,
          credentials: [["x-api-key", world.key("pe")]],
          outcome: { as: "tenant-pe" },
        });
      },
    );
    expect(await authz(lab, "POST", write.path, [world.bearer(good)])).toBe("tenant-pe");
    // One for the flood, and each minute what would be fetched anyhow: by three listeners and by the auth service.
    const minutes = Math.ceil((Date.now() - began) / 60_000);
    expect((await fetches()) - before).toBeLessThanOrEqual(1 + 4 * minutes);
    await world.settle();
  }, 60_000);

  it("a key with the right to write writes for its tenant alone, and 18: nothing once it is revoked", async () => {
    const { secrets } = world.lab.topology.services.auth.directories;
    const [file, pepper] = [join(secrets, "keys.json"), readFileSync(join(secrets, "pepper"), "utf8").trim()];
    const declared = readFileSync(file, "utf8");
    const put = (text: string): void => {
      writeFileSync(`${file}.new`, text, { mode: 0o600 });
      renameSync(`${file}.new`, file);
    };
    const key = "atl_isolation-writes";
    const hash = createHmac("sha256", pepper).update(key).digest("hex");
    const { keys } = JSON.parse(declared) as KeyFile;
    const rights = SIGNALS.map((signal) => `${signal}:write`);
    put(
      JSON.stringify({ version: 1, keys: [...keys, { id: "isolation", orgId: "tenant-mx", hash, rights }] }),
    );
    const decided = () => authz(world.lab, "POST", "/v1/logs", [["x-api-key", key]]);
    try {
      await waitUntil("the key", async () => (await decided()) === "tenant-mx", { timeoutMs: IN_FORCE_MS });
      const forms: readonly Credentials[] = [
        [["x-api-key", key]],
        [["authorization", `Bearer ${key}`]],
        [["authorization", `Basic ${Buffer.from(`any:${key}`).toString("base64")}`]],
      ];
      for (const form of forms) {
        await every("18: a key that writes", WRITES, form, { as: "tenant-mx" });
        await every("20: a key that writes asks for pe", WRITES, [...form, ["x-scope-orgid", "tenant-pe"]], {
          refused: "403 tenant_denied",
        });
        await every("18: a key that only writes reads", READS, form, { refused: "403 right_missing" });
      }
      put(declared);
      await waitUntil("its end", async () => (await decided()) !== "tenant-mx", { timeoutMs: IN_FORCE_MS });
      for (const form of forms)
        await every("18: a revoked key", WRITES, form, { refused: "401 key_invalid" });
      await world.settle();
    } finally {
      rmSync(`${file}.new`, { force: true });
      put(declared);
    }
  }, 60_000);

  it("16, 18: a tenant that is suspended, and then removed, neither writes nor reads; others do", async () => {
    const { lab, forge } = world;
    const shipped = lab.tenants;
    const token = [world.bearer(await lab.token("agent-pe"))];
    const plant = [world.bearer(await lab.token("agent-mx-plant"))];
    const key: Credentials = [["x-api-key", world.key("pe")]];
    const suspended = shipped.map((tenant) => {
      if (tenant.id === "pe") return { ...tenant, state: "suspended" as const };
      if (tenant.id !== "mx") return tenant;
      // Its second agent alone.
      const agents = tenant.agents.map((agent) =>
        agent.id === "agent-mx-plant" ? { ...agent, state: "suspended" as const } : agent,
      );
      return { ...tenant, agents };
    });
    const tenantDenied: Outcome = { refused: "403 tenant_denied" };
    const others = async (): Promise<void> => {
      await every("16: others", WRITES, [await world.agent("mx")], { as: "tenant-mx" });
      await every("16: others", READS.slice(0, 3), [["x-api-key", world.key("co")]], { as: "tenant-co" });
    };
    const decided = (credentials: Credentials) => authz(lab, "POST", "/v1/logs", credentials);
    const settled = (credentials: Credentials, verdict: string) =>
      waitUntil("the auth service", async () => (await decided(credentials)) === verdict, {
        timeoutMs: IN_FORCE_MS,
      });
    try {
      await lab.applyTenants(suspended);
      await every("18: a token of a suspended tenant", WRITES, token, tenantDenied);
      await every("16: a new token of a suspended tenant", WRITES, [await world.agent("pe")], tenantDenied);
      await every("18: a token of a suspended agent", WRITES, plant, tenantDenied);
      await settled(token, "403 tenant_denied");
      await settled(plant, "403 tenant_denied");
      await every("16: a key of a suspended tenant", READS, key, tenantDenied);
      await others();
      await lab.applyTenants(suspended.filter(({ id }) => id !== "pe"));
      await settled(key, "401 key_invalid");
      await every("16: a token of a removed tenant", WRITES, token, tenantDenied);
      await every("16: a key of a removed tenant", READS, key, { refused: "401 key_invalid" });
      expect(await decided([world.bearer(await forge.sign(forge.agent("pe")))])).toBe("403 tenant_denied");
      await others();
      await world.settle();
    } finally {
      await lab.applyTenants(suspended);
      await lab.applyTenants(shipped);
    }
    await settled([world.bearer(await lab.token("agent-pe"))], "tenant-pe");
  }, 60_000);
});
