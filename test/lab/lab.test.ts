import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../src/lab/lab";
import { EdgeClient } from "../../src/client/edge";
import { labInput } from "../../src/lab/declare";
import { portsInUse } from "../../src/lab/ports";
import { startLab } from "../../src/lab/start";
import { listenOn } from "../../src/lab/servers/net";
import { ROUTES, type Route } from "../../src/model/routes";
import { sharedLab } from "./shared";

const WRITES = ROUTES.filter(({ verifier, right }) => verifier === "agentJwt" && "signal" in right);
const BACKENDS = { metrics: "mimir", logs: "loki", traces: "tempo" } as const;
const signalOf = ({ right }: Route) => ("signal" in right ? right.signal : "logs");

let counter = 0;
const mark = (): string => `mark_${Date.now()}_${counter++}`;

describe("the lab", () => {
  let lab: Lab;
  let edge: EdgeClient;
  let token: { readonly authorization: string };
  beforeAll(async () => {
    lab = await sharedLab();
    edge = new EdgeClient(lab);
    token = { authorization: `Bearer ${await lab.token("agent-mx")}` };
  }, 180_000);

  it("writes by every route that agents have", () => {
    expect(WRITES.map(({ id }) => id)).toEqual([
      ...["otlp-grpc-traces", "otlp-grpc-metrics", "otlp-grpc-logs"],
      ...["otlp-http-traces", "otlp-http-metrics", "otlp-http-logs"],
      ...["loki-push", "prometheus-push"],
    ]);
  });

  it.each(WRITES)("stores what agent-mx sends by $id as tenant-mx", async (route) => {
    const sent = mark();
    const answer = await edge.write(route, sent, token);
    expect({ status: answer.status < 300, grpc: answer.grpcStatus ?? 0 }, answer.body).toEqual({
      status: true,
      grpc: 0,
    });
    const stored = lab.stored({ contains: sent });
    expect(stored.map(({ tenant, backend }) => ({ tenant, backend }))).toEqual([
      { tenant: "tenant-mx", backend: BACKENDS[signalOf(route)] },
    ]);
    expect(stored[0]?.headers["authorization"]).toBeUndefined();
  });

  it.each(WRITES)("stores nothing of another tenant that agent-mx names by $id", async (route) => {
    for (const forged of ["tenant-pe", "tenant-pe|tenant-mx", "TENANT-PE"]) {
      const sent = mark();
      const answer = await edge.write(route, sent, { ...token, "x-scope-orgid": forged });
      expect(answer.status).toBeLessThan(300);
      expect(lab.stored({ contains: sent }).map(({ tenant }) => tenant)).toEqual(["tenant-mx"]);
    }
  });

  it.each(WRITES)("takes nothing without a token by $id", async (route) => {
    const sent = mark();
    const { status, grpcStatus } = await edge.write(route, sent);
    expect(grpcStatus ?? status).toBe(grpcStatus === undefined ? 401 : 16);
    expect(lab.store.received().filter(({ body }) => body.includes(sent))).toEqual([]);
  });

  it("reads with Grafana's key of mx as tenant-mx, and finds what is stored", async () => {
    const sent = mark();
    const [push] = ROUTES.filter(({ id }) => id === "loki-push");
    if (push === undefined) throw new Error("no route");
    await edge.write(push, sent, token);
    const path = `/loki/api/v1/query_range?query=${encodeURIComponent(`{service_name="lab"} |= "${sent}"`)}`;
    const read = async (tenant: string) =>
      (await edge.ask("query", path, { headers: lab.grafana(tenant) })).body.includes(sent);
    expect([await read("mx"), await read("pe")]).toEqual([true, false]);
    const asked = lab.store.received().filter(({ kind, query }) => kind === "read" && query.includes(sent));
    expect(asked.map(({ tenant }) => tenant)).toEqual(["tenant-mx", "tenant-pe"]);
  });

  it("refuses a read by mx's key as another tenant", async () => {
    const headers = { ...lab.grafana("mx"), "x-scope-orgid": "tenant-pe" };
    const reads = () => lab.store.received().filter(({ kind }) => kind === "read").length;
    const before = reads();
    const { status, body } = await edge.ask("query", "/loki/api/v1/labels", { headers });
    expect([status, body]).toEqual([403, '{"code":"tenant_denied"}']);
    expect(reads()).toBe(before);
  });

  it("says which of its ports are in use, in one message, and leaves nothing", async () => {
    const labs = () => readdirSync(tmpdir()).filter((name) => name.startsWith("atalaya-lab-"));
    const before = labs();
    const input = labInput("dev");
    const { ports } = input.environment.publish;
    const taken = [await listenOn(ports.otlpHttp), await listenOn(ports.keycloak)];
    try {
      expect(await portsInUse(input.environment)).toEqual([
        `${ports.otlpHttp} (envoy, otlpHttp)`,
        `${ports.keycloak} (keycloak, http)`,
      ]);
      await expect(startLab({ input })).rejects.toThrow(
        `The lab's ports are in use: ${ports.otlpHttp} (envoy, otlpHttp), ${ports.keycloak} (keycloak, http). Stop what listens there, or take other ports: --free-ports`,
      );
    } finally {
      for (const one of taken) one?.close();
    }
    expect(labs()).toEqual(before);
  });

  it("says what is missing when a server is not installed", async () => {
    const { ATALAYA_CACHE: cache } = process.env;
    process.env["ATALAYA_CACHE"] = `${lab.directory}/none`;
    try {
      await expect(startLab()).rejects.toThrow(
        /^The lab needs real servers: envoy 1\.40\.0 is not installed; keycloak .* is not installed; .*\. Run: npm run servers$/,
      );
    } finally {
      if (cache === undefined) delete process.env["ATALAYA_CACHE"];
      else process.env["ATALAYA_CACHE"] = cache;
    }
  });
});
