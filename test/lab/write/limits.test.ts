import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EdgeClient, type Response } from "../../../src/client/edge";
import type { Lab } from "../../../src/lab/lab";
import { rate } from "../../../src/model/units";
import type { Tenant } from "../../../src/model/tenant";
import { sharedLab } from "../shared";
import { Hand, told } from "./edge";

const BURST = 20;
const SENT = 3 * BURST;
const LABELS = "/loki/api/v1/labels";

describe("a tenant's limit at the edge", () => {
  let lab: Lab;
  let shipped: readonly Tenant[];
  beforeAll(async () => {
    lab = await sharedLab();
    shipped = lab.tenants;
    const edge = { requests: rate("1/s"), burst: BURST };
    await lab.applyTenants(
      shipped.map((one) => (one.id === "pe" ? { ...one, limits: { ...one.limits, edge } } : one)),
    );
  }, 180_000);
  afterAll(async () => {
    await lab.applyTenants(shipped);
  }, 180_000);

  const at = { "otlp-http-logs": "otlpHttp", "otlp-grpc-logs": "otlpGrpc" } as const;

  /** Reads by Grafana's key, on the listener that its agents write to. */
  const read = (tenant: string): Promise<Response> =>
    new EdgeClient(lab).ask("otlpHttp", LABELS, { headers: lab.grafana(tenant) });

  it.each(["otlp-http-logs", "otlp-grpc-logs"] as const)(
    "by %s lets a burst through and refuses the rest, and nobody else notices",
    async (by) => {
      lab.store.clear();
      const [pe, mx] = [new Hand(lab, "pe"), new Hand(lab, "mx")];
      await mx.write(by, "limit_warm_end");
      const began = Date.now();
      const [own, others] = await Promise.all([
        Promise.all(Array.from({ length: SENT }, (_, index) => pe.write(by, `limit_pe_${index}_end`))),
        Promise.all(Array.from({ length: SENT }, (_, index) => mx.write(by, `limit_mx_${index}_end`))),
      ]);
      const refilled = Math.ceil((Date.now() - began) / 1_000) + 1;
      const passed = own.filter(isTaken).length;
      expect([passed >= BURST, passed <= BURST + refilled], `${passed} passed`).toEqual([true, true]);
      expect(new Set(own.filter((one) => !isTaken(one)).map(told))).toEqual(
        new Set([at[by] === "otlpGrpc" ? "grpc 14" : "429 rate_limited after 1"]),
      );
      expect(others.filter((one) => !isTaken(one)).map(told)).toEqual([]);
      // What was answered is what was stored.
      expect(lab.stored({ tenant: "tenant-pe" }).length).toBe(passed);
      expect(lab.stored({ tenant: "tenant-mx" }).length).toBe(SENT + 1);
    },
    60_000,
  );

  it("is one for all of its credentials, and the words are those that each sender retries", async () => {
    const pe = new Hand(lab, "pe");
    const empty = async (): Promise<void> => {
      const all = await Promise.all(
        Array.from({ length: SENT }, (_, index) => pe.write("loki-push", `limit_fill_${index}_end`)),
      );
      expect(all.some((one) => told(one) === "429 rate_limited after 1")).toBe(true);
    };
    await empty();
    // One that passed has met the second's refill; most do not.
    const reads = await Promise.all(Array.from({ length: 10 }, () => read("pe")));
    expect(reads.map(told)).toContain("429 rate_limited after 1");
    expect((await read("mx")).status).toBe(200);
    const pushes = await Promise.all(
      Array.from({ length: 10 }, (_, index) => pe.write("prometheus-push", `limit_push_${index}_end`)),
    );
    // Prometheus and the collector drop what remote write answers 429.
    expect(pushes.filter((one) => !isTaken(one)).map(told)).toContain("503 rate_limited after 1");
    expect(pushes.map(({ status }) => status)).not.toContain(429);
  }, 60_000);
});

const isTaken = ({ status, grpcStatus }: Response): boolean =>
  grpcStatus === undefined ? status < 300 : grpcStatus === 0;
