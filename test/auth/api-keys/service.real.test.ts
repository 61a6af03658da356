import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { StoredApiKeys } from "../../../src/auth/api-keys/store";
import { connected, PASSWORD, principal, tenantOf } from "../redis/real";
import { Replicas } from "../replicas";
import { keys, pepper, PERSON, signer } from "../world";

const MX = tenantOf("mx");
const PUSH = "/loki/api/v1/push";

describe("two replicas of the service on one Redis", () => {
  let replicas: Replicas;
  beforeAll(async () => {
    replicas = await Replicas.start();
  });
  afterAll(() => replicas[Symbol.asyncDispose]());
  const metric = (replica: number, line: string): Promise<number> => replicas.metric(replica, line);

  async function ask(replica: number, headers: Record<string, string>): Promise<string> {
    const response = await fetch(`${replicas.url(replica)}/authz${PUSH}`, { method: "POST", headers });
    const { code } = (await response.json()) as { readonly code?: string };
    return `${response.status} ${code ?? response.headers.get("x-user-id") ?? ""}`;
  }
  const both = (apiKey: string) =>
    Promise.all([0, 1].map((replica) => ask(replica, { "x-api-key": apiKey })));
  const apiKeys = async () =>
    new StoredApiKeys({ redis: await connected(replicas.redis.settings), ring: () => keys });
  const wanted = { label: "shipper", rights: ["logs:write"] as const };

  it("takes a new key at once on both, in all three forms, and counts how it was found", async () => {
    const { key, record } = await (await apiKeys()).create(principal(), wanted);
    expect(await both(key)).toEqual([`200 ${record.id}`, `200 ${record.id}`]);
    const basic = Buffer.from(`loki:${key}`).toString("base64");
    for (const authorization of [`Bearer ${key}`, `Basic ${basic}`])
      expect(await ask(0, { authorization })).toBe(`200 ${record.id}`);
    expect(await metric(0, 'key_lookups_total{result="found"}')).toBe(1);
    expect(await metric(0, 'key_lookups_total{result="fresh"}')).toBe(2);
    await vi.waitFor(async () => {
      const [used] = (await (await apiKeys()).list(MX, { limit: 1 })).items;
      expect(used?.lastUsedAt).toMatch(/:00\.000Z$/);
    });
  });

  it("sees a revocation on both within ten seconds; without Redis it goes on, denies nobody for it, and recovers by itself", async () => {
    const store = await apiKeys();
    const create = () => store.create(principal(), wanted);
    const [revoked, seen, unseen] = [await create(), await create(), await create()];
    expect(await both(revoked.key)).toEqual([`200 ${revoked.record.id}`, `200 ${revoked.record.id}`]);
    expect(await ask(0, { "x-api-key": seen.key })).toBe(`200 ${seen.record.id}`);
    await store.revoke(MX, revoked.record.id);
    await new Promise((done) => setTimeout(done, 10_000));
    expect(await both(revoked.key)).toEqual(["401 key_invalid", "401 key_invalid"]);

    await replicas.redis.kill();
    await vi.waitFor(async () => {
      expect(await metric(0, "redis_up")).toBe(0);
    });
    // Past its ten seconds, so that only Redis could say that it is as it was.
    expect(await both(seen.key)).toEqual([`200 ${seen.record.id}`, "503 keys_unavailable"]);
    expect(await both(unseen.key)).toEqual(["503 keys_unavailable", "503 keys_unavailable"]);
    expect(await both(revoked.key)).not.toContain(`200 ${revoked.record.id}`);
    expect(await both("atl_mx_writer")).toEqual(["200 shipper-mx", "200 shipper-mx"]);
    expect(await both("atl_mx_nobody")).toEqual(["401 key_invalid", "401 key_invalid"]);
    const token = await signer.sign({ azp: "agent-mx", tenant_id: "tenant-mx" });
    expect(await ask(0, { authorization: `Bearer ${token}` })).toBe("200 agent-mx");
    expect((await fetch(`${replicas.url(0)}/ready`)).status).toBe(200);
    expect(await metric(0, 'key_lookups_total{result="stale"}')).toBe(1);
    expect(await metric(0, 'key_lookups_total{result="unknown"}')).toBe(1);
    await replicas.redis.back();
    const began = performance.now();
    await vi.waitFor(async () => {
      expect(await both(unseen.key)).toEqual([`200 ${unseen.record.id}`, `200 ${unseen.record.id}`]);
    }, 5_000);
    expect(performance.now() - began).toBeLessThan(3_000);
    const logged = readFileSync(join(replicas.directory, "log"), "utf8");
    expect(logged).toContain("Redis is not there");
    for (const secret of [seen.key, unseen.key, PASSWORD, PERSON, pepper])
      expect(logged).not.toContain(secret);
  }, 30_000);
});
