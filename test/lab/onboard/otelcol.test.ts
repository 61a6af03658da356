import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { marked } from "../../../src/client/telemetry";
import type { Lab } from "../../../src/lab/lab";
import { ROUTES } from "../../../src/model/routes";
import { freePort, server, waitUntil } from "../../servers";
import { sharedLab } from "../shared";
import { arrived, HandedOut, storedFor } from "./handed-out";

const SENDING = ROUTES.filter(({ id }) => /^otlp-http-[a-z]+$/.test(id));

describe("onboard --shipper otelcol", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await sharedLab();
  }, 180_000);

  const programs = () => ({ "otelcol-contrib": server("otelcol").bin });

  /** Free ports, and the readiness of OTLP's. */
  async function ports() {
    const [grpc, http] = [await freePort(), await freePort()];
    const env = { ATALAYA_OTLP_GRPC: `127.0.0.1:${grpc}`, ATALAYA_OTLP_HTTP: `127.0.0.1:${http}` };
    return { env, http, ready: { port: http } };
  }

  /** As a program beside it does: every signal, without a credential. */
  async function send(port: number, mark: string): Promise<void> {
    for (const route of SENDING) {
      const { contentType, body } = marked(route, mark);
      const response = await fetch(`http://127.0.0.1:${port}${route.path}`, {
        method: "POST",
        headers: { "content-type": contentType },
        body: new Uint8Array(body),
      });
      expect(response.status).toBe(200);
    }
  }

  it("sends what programs beside it send, and lines of a file, to its tenant alone", async () => {
    using handedOut = await HandedOut.make(lab, "otelcol", programs());
    const { env, http, ready } = await ports();
    await using collector = await handedOut.begin(ready, env);
    await send(http, "onboard_otelcol");
    expect(await storedFor(lab, "onboard_otelcol", ["loki", "mimir", "tempo"])).toEqual(["tenant-mx"]);
    writeFileSync(join(handedOut.logs, "app.log"), "onboard_otelcol_first_line\n");
    appendFileSync(join(handedOut.logs, "app.log"), "onboard_otelcol_second_line\n");
    expect(await storedFor(lab, "onboard_otelcol_second_line", ["loki"])).toEqual(["tenant-mx"]);
    expect(await storedFor(lab, "system.memory.usage", ["mimir"])).toEqual(["tenant-mx"]);
    expect(collector.running()).toBe(true);
  }, 240_000);

  it("keeps what is answered 429, and what a kill finds waiting, on disk", async () => {
    using handedOut = await HandedOut.make(lab, "otelcol", programs());
    const { env, http, ready } = await ports();
    let limited = 0;
    lab.backends.loki.answer = ({ body }) => {
      if (!body.includes("onboard_otelcol_kept")) return undefined;
      limited++;
      return { status: 429 };
    };
    try {
      await using first = await handedOut.begin(ready, env);
      await send(http, "onboard_otelcol_kept");
      await waitUntil("a 429", () => limited > 0, { timeoutMs: 60_000 });
      process.kill(first.pid, "SIGKILL");
      await first.ended;
    } finally {
      lab.backends.loki.answer = undefined;
    }
    expect(lab.stored({ contains: "onboard_otelcol_kept", backend: "loki" })).toEqual([]);
    await using second = await handedOut.begin(ready, env);
    expect(await storedFor(lab, "onboard_otelcol_kept", ["loki"])).toEqual(["tenant-mx"]);
    expect(second.running()).toBe(true);
  }, 300_000);

  it("stores nothing with a wrong secret, and everything that waited once it is right", async () => {
    using handedOut = await HandedOut.make(lab, "otelcol", programs());
    const right = handedOut.read("secrets/client-secret");
    handedOut.write("secrets/client-secret", "not-the-secret");
    const { env, http, ready } = await ports();
    await using collector = await handedOut.begin(ready, env);
    await send(http, "onboard_otelcol_wrong");
    const refused = () => collector.output().includes("unauthorized_client");
    await waitUntil("Keycloak's refusal", refused, { timeoutMs: 60_000 });
    expect(arrived(lab, "onboard_otelcol_wrong")).toBe(0);
    handedOut.write("secrets/client-secret", right);
    expect(await storedFor(lab, "onboard_otelcol_wrong", ["loki", "mimir", "tempo"])).toEqual(["tenant-mx"]);
  }, 240_000);
});
