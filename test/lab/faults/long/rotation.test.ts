import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ClientError } from "../../../../src/client/error";
import { KeyProbe } from "../../../../src/client/key-probe";
import type { Lab } from "../../../../src/lab/lab";
import type { TenantId } from "../../../../src/model/names";
import { sharedLab } from "../../shared";
import { keyFetches, kidOf, otherKeys, probeOf, rotationOf, strangersToken } from "../keycloak";
import { abandonLoads, FLAWLESS, Load, route, type Sender } from "../load";
import { agents, read, write } from "../people";

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** The keys that tokens are signed with are exchanged while everybody works. Most of it is waiting for Envoy's next fetch. */
describe("a rotation of the signing keys", () => {
  let lab: Lab;
  let load: Load;
  let old: string;
  let others: readonly unknown[];
  beforeAll(async () => {
    lab = await sharedLab();
    lab.store.clear();
    old = await lab.token("agent-mx");
    others = await otherKeys(lab);
    // Beside agents that keep a token for minutes, one that fetches a new one for every item, and one that keeps the old one.
    const fresh: Sender = {
      tenant: "pe" as TenantId,
      route: route("otlp-http-logs"),
      headers: async () => bearer(await lab.token("agent-pe")),
    };
    const kept: Sender = { tenant: "mx" as TenantId, route: route("loki-push"), headers: () => bearer(old) };
    load = new Load(lab, [...agents(lab), fresh, kept], 50);
  }, 180_000);
  afterAll(abandonLoads);

  let begun = "";
  it("that is killed when the new key is published leaves one that nothing is signed with", async () => {
    const killed = new Error("killed");
    const rotation = rotationOf(lab, {
      waits: { published: 0 },
      probe: { check: () => Promise.resolve(), missing: () => Promise.reject(killed) },
    });
    await expect(rotation.rotate()).rejects.toBe(killed);
    const [next, signing] = await rotation.list();
    expect([next?.status, signing?.signs]).toEqual(["passive", true]);
    begun = next?.kid ?? "";
    expect(kidOf(await lab.token("agent-mx"))).toBe(signing?.kid);
  });

  it("is continued by the next one, tells a third one that it is under way, and refuses nobody", async () => {
    const said: string[] = [];
    const waits = { beat: 500, gone: 3_000 };
    const rotation = rotationOf(lab, { waits, say: (line) => said.push(line) }).rotate();
    const asked = await keyFetches(lab);
    const from = Date.now();
    await sleep(4_000);
    await expect(rotationOf(lab, { waits }).rotate()).rejects.toThrow(
      /^Another rotation of the keys .* is under way/,
    );
    await expect(rotationOf(lab).retire(false)).rejects.toThrow(`A rotation is not finished: ${begun}`);
    await flood();
    await rotation;
    expect(said[0]).toMatch(/^\S+ was published by a rotation that did not end/);
    expect(said.slice(1)).toEqual([
      `continuing with ${begun}`,
      "Envoy and the auth service have it",
      `activated ${begun}: it signs`,
      `made ${kidOf(old)} passive: its tokens stay good`,
    ]);
    // Envoy's listeners and the auth service fetch once a minute each, and the auth service at most once in 30 s besides,
    // however many keys it does not know.
    const minutes = (Date.now() - from) / 60_000;
    expect((await keyFetches(lab)) - asked).toBeLessThanOrEqual(
      4 * Math.ceil(minutes) + 4 + Math.ceil(2 * minutes) + 1,
    );
  }, 150_000);

  /** Tokens of keys that nobody has, by agents' way and by readers': not decided, and nobody else's trouble. */
  async function flood(): Promise<void> {
    for (let round = 0; round < 20; round++) {
      const tokens = Array.from({ length: 10 }, (_, index) =>
        strangersToken(lab, `stranger-${round}-${index}`),
      );
      const answers = await Promise.all(
        tokens.map((token, index) =>
          index % 2 === 0 ? write(lab, "otlp-http-logs", bearer(token)) : read(lab, bearer(token)),
        ),
      );
      const statuses = (rest: number) =>
        answers.filter((_, index) => index % 2 === rest).map(({ status }) => status);
      expect(new Set(statuses(0))).toEqual(new Set([503]));
      // The auth service may have asked Keycloak, and then knows that there is no such key.
      expect(statuses(1).filter((status) => status !== 503 && status !== 401)).toEqual([]);
    }
  }

  it("leaves the old key's tokens good beside the new one's, everywhere", async () => {
    const fresh = await lab.token("agent-mx");
    expect([kidOf(old), kidOf(fresh)]).toEqual([expect.not.stringMatching(begun), begun]);
    for (const token of [old, fresh])
      for (const by of ["otlp-http-logs", "otlp-grpc-traces", "prometheus-push"])
        expect((await write(lab, by, bearer(token))).stored).toEqual(["tenant-mx"]);
    // The auth service knows both: an agent's token is good, and may not read.
    for (const token of [old, fresh]) expect((await read(lab, bearer(token))).status).toBe(403);
    const delivered = await load.stop();
    expect(delivered).toMatchObject(FLAWLESS);
    expect(delivered.accepted).toBeGreaterThan(500);
  });

  it("removes the old key only when its tokens are too old, and no key of another kind", async () => {
    await expect(rotationOf(lab).retire(false)).rejects.toThrow(
      /^Tokens of the old key may live until \S+, for 6\d\d s\. Run this again then/,
    );
    await rotationOf(lab, { waits: { retired: 0 } }).retire(false);
    expect((await rotationOf(lab).list()).map(({ kid, status }) => [kid, status])).toEqual([
      [begun, "active"],
    ]);
    expect(await otherKeys(lab)).toEqual(others);
    expect((await write(lab, "otlp-http-logs", bearer(await lab.token("agent-mx")))).stored).toEqual([
      "tenant-mx",
    ]);
  });

  it("asks nobody who does not take tokens of this realm", async () => {
    await probeOf(lab).check();
    const { ca } = lab;
    const other = new KeyProbe({ urls: lab.urls, ca }, "http://keycloak.example.com");
    await expect(other.check()).rejects.toThrow(ClientError);
    const nobody = new KeyProbe(
      { urls: { otlpHttp: "https://localhost:1", otlpGrpc: "localhost:1" }, ca },
      lab.urls.keycloak,
    );
    await expect(nobody.check()).rejects.toThrow("The edge cannot be reached: ECONNREFUSED");
  });
});
