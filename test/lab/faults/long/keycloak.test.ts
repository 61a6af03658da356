import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../../../src/lab/lab";
import { KEYS_CACHED } from "../../../../src/model/tokens";
import { REALM, type TenantId } from "../../../../src/model/names";
import { waitUntil } from "../../../servers";
import { sharedLab } from "../../shared";
import { adminOf, kidOf, rotationOf } from "../keycloak";
import { abandonLoads, FLAWLESS, Load, route } from "../load";
import { agents, read } from "../people";

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe("Keycloak", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await sharedLab();
    lab.store.clear();
  }, 180_000);
  afterEach(async () => {
    abandonLoads();
    await lab.processes.keycloak.start();
  }, 120_000);

  it("that goes, for longer than its keys are kept: whoever has a token notices nothing", async () => {
    const tokens = await Promise.all(["mx", "pe", "co"].map((of) => lab.token(`agent-${of}`)));
    expect((await read(lab, bearer(tokens[0] ?? ""))).status).toBe(403);
    const load = new Load(
      lab,
      agents(lab).map((sender) => ({
        ...sender,
        headers: () => bearer(tokens[["mx", "pe", "co"].indexOf(sender.tenant)] ?? ""),
      })),
      100,
    );
    await lab.processes.keycloak.kill();
    const until = Date.now() + (KEYS_CACHED + 20) * 1_000;
    while (Date.now() < until) {
      expect((await read(lab, bearer(tokens[1] ?? ""))).status).toBe(403);
      await sleep(500);
    }
    await lab.processes.keycloak.start();
    const delivered = await load.stop();
    expect(delivered).toMatchObject(FLAWLESS);
    expect(delivered.accepted).toBeGreaterThan(1_000);
  }, 200_000);

  it("that signs with a key that nobody had been told of: its tokens wait, and within a minute they are good", async () => {
    const old = await lab.token("agent-mx");
    const kept = { tenant: "mx" as TenantId, route: route("otlp-http-logs"), headers: () => bearer(old) };
    const load = new Load(lab, [kept], 100);
    const priority = Math.max(...(await rotationOf(lab).list()).map((key) => key.priority)) + 10;
    const began = Date.now();
    await adminOf(lab).create(`/realms/${REALM}/components`, {
      name: "by hand",
      providerId: "rsa-generated",
      providerType: "org.keycloak.keys.KeyProvider",
      config: { priority: [`${priority}`], enabled: ["true"], active: ["true"], algorithm: ["RS256"] },
    });
    const fresh = await lab.token("agent-mx");
    expect(kidOf(fresh)).not.toBe(kidOf(old));
    const fresher = new Load(
      lab,
      [
        { ...kept, headers: () => bearer(fresh) },
        { ...kept, route: route("otlp-grpc-logs"), headers: () => bearer(fresh) },
      ],
      200,
    );
    const outcomes = new Set<number>();
    await waitUntil(
      "all to be good",
      async () => {
        outcomes.add((await read(lab, bearer(fresh))).status);
        return fresher.accepted >= 20;
      },
      { timeoutMs: (KEYS_CACHED + 30) * 1_000, everyMs: 500 },
    );
    const seconds = (Date.now() - began) / 1_000;
    const delivered = await fresher.stop();
    expect(delivered).toMatchObject({ lost: [], mixed: [], duplicates: 0 });
    // 503, and over gRPC UNAVAILABLE: never 401.
    expect(Object.keys(delivered.refused).filter((outcome) => outcome !== "503" && outcome !== "14")).toEqual(
      [],
    );
    expect([...outcomes].filter((status) => status !== 503 && status !== 403)).toEqual([]);
    expect(await load.stop()).toMatchObject(FLAWLESS);
    console.info(
      `a wrong rotation: ${JSON.stringify(delivered.refused)}, healed after ${seconds.toFixed(0)} s`,
    );
  }, 200_000);
});
