import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../../src/lab/lab";
import { freePort, run, server, waitUntil } from "../../servers";
import { sharedLab } from "../shared";
import { arrived, HandedOut, storedFor } from "./handed-out";

/** A program that has one metric, until the test ends. */
async function exposing(metric: string): Promise<{ readonly target: string } & AsyncDisposable> {
  const web = createServer((_incoming, response) => {
    response.writeHead(200, { "content-type": "text/plain; version=0.0.4" });
    response.end(`# TYPE ${metric} gauge\n${metric} 1\n`);
  });
  await new Promise<void>((resolve) => {
    web.listen(0, "127.0.0.1", resolve);
  });
  const { port } = web.address() as AddressInfo;
  return {
    target: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        web.closeAllConnections();
        web.close(() => {
          resolve();
        });
      }),
  };
}

describe("onboard --shipper prometheus", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await sharedLab();
  }, 180_000);

  const handOut = () => HandedOut.make(lab, "prometheus", { prometheus: server("prometheus").bin });

  /** By its README's command, but on a free port. */
  async function begin(handedOut: HandedOut) {
    const port = await freePort();
    const ready = { url: `http://127.0.0.1:${port}/-/ready` };
    return handedOut.begin(ready, {}, (command) => command.replace("127.0.0.1:9090", `127.0.0.1:${port}`));
  }

  const scrape = (handedOut: HandedOut, target: string): void => {
    handedOut.write("targets/mine.json", JSON.stringify([{ targets: [target] }]));
  };

  it("is a configuration that Prometheus' own checker takes", async () => {
    using handedOut = await handOut();
    const { code, stdout } = await run(server("prometheus").promtool, [
      ...["check", "config", handedOut.path("prometheus.yml")],
    ]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("SUCCESS")]);
  });

  it("sends what it scrapes to its tenant alone, again where that is answered 429", async () => {
    using handedOut = await handOut();
    await using program = await exposing("onboard_prometheus_own");
    scrape(handedOut, program.target);
    let refused: Buffer | undefined;
    lab.backends.mimir.answer = ({ body }) => {
      if (refused !== undefined || !body.includes("onboard_prometheus_own")) return undefined;
      refused = body;
      return { status: 429 };
    };
    try {
      await using prometheus = await begin(handedOut);
      expect(await storedFor(lab, "onboard_prometheus_own", ["mimir"])).toEqual(["tenant-mx"]);
      // The same samples, not later ones of the same metric.
      const again = () => refused !== undefined && lab.stored({ contains: refused }).length === 1;
      await waitUntil("what was refused", again, { timeoutMs: 60_000 });
      expect(prometheus.output()).not.toContain("non-recoverable");
    } finally {
      lab.backends.mimir.answer = undefined;
    }
    const [first] = lab.stored({ contains: "onboard_prometheus_own" });
    expect([first?.path, first?.body.includes("agent-mx")]).toEqual(["/api/v1/push", true]);
  }, 240_000);

  it("stores nothing with a wrong secret, and sends once it is right", async () => {
    using handedOut = await handOut();
    await using program = await exposing("onboard_prometheus_wrong");
    const right = handedOut.read("secrets/client-secret");
    handedOut.write("secrets/client-secret", "not-the-secret");
    scrape(handedOut, program.target);
    await using prometheus = await begin(handedOut);
    await waitUntil("Keycloak's refusal", () => prometheus.output().includes("unauthorized_client"), {
      timeoutMs: 120_000,
    });
    expect(arrived(lab, "onboard_prometheus_wrong")).toBe(0);
    handedOut.write("secrets/client-secret", right);
    expect(await storedFor(lab, "onboard_prometheus_wrong", ["mimir"])).toEqual(["tenant-mx"]);
  }, 300_000);
});
