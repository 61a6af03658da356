import { beforeAll, describe, expect, it } from "vitest";
import { DATA_SOURCE, ORGANISATION } from "../../../policies/rules/data-sources";
import type { Recording } from "../../../src/model/recording";
import { evidenceOf, type Evidence } from "../../../src/preview/isolation/evidence";
import { isolation, type Cell } from "../../../src/preview/isolation/isolation";
import { SAMPLE } from "../changes/plans";
import { drawn } from "./pages";

let evidence: Evidence;
let recording: Recording;
beforeAll(async () => {
  ({ evidence, recording } = await drawn(SAMPLE));
}, 60_000);

const allowed = (cells: readonly Cell[]): readonly string[] =>
  cells.filter((cell) => cell.allowed).map(({ verb, signal }) => `${verb} ${signal}`);
const reason = (cells: readonly Cell[], verb: string): string =>
  cells.find((cell) => cell.verb === verb)?.reason ?? "";
const ALL = ["write metrics", "read metrics", "write logs", "read logs", "write traces", "read traces"];

describe("who reaches whose data", () => {
  it("is one's own, and nobody else's", () => {
    const { tenants, cells, leaks } = isolation(evidence);
    expect(tenants.map(({ id }) => id)).toEqual(["cl", "co", "mx", "pe"]);
    for (const { id: by } of tenants) {
      for (const { id: whose } of tenants)
        expect([by, whose, allowed(cells(by, whose))]).toEqual([
          by,
          whose,
          by === whose && by !== "pe" ? ALL : [],
        ]);
      expect(leaks(by)).toEqual([]);
    }
  });

  it("has a reason that names the credentials", () => {
    const { cells } = isolation(evidence);
    expect(reason(cells("mx", "mx"), "write")).toBe(
      "2 agents agent-mx and agent-mx-plant: bound to tenant-mx by Envoy's list and the token's claim. By routes otlp-grpc-metrics, otlp-http-metrics and prometheus-push.",
    );
    expect(reason(cells("mx", "mx"), "read")).toBe(
      "People in /tenants/mx/{admin,editor,viewer}; key grafana-mx, by which Grafana's data sources ask. By 14 routes.",
    );
    expect(reason(cells("mx", "co"), "write")).toBe(
      "Refused: tokens of agent-mx and agent-mx-plant carry tenant-mx alone, and become X-Scope-OrgID whatever is asked for; no key of it may write.",
    );
    expect(reason(cells("mx", "co"), "read")).toBe(
      "Refused: key grafana-mx opens tenant-mx alone; its people are in /tenants/mx/{admin,editor,viewer} alone; agents read nothing. To ask for another X-Scope-OrgID is tenant_denied.",
    );
  });

  it("is nothing at all for who is suspended", () => {
    const { cells } = isolation(evidence);
    expect(reason(cells("pe", "pe"), "write")).toBe(
      "Suspended: agent-pe is not among Envoy's bindings (client_not_bound) and disabled in Keycloak, and the auth service refuses its keys (tenant_denied).",
    );
    expect(reason(cells("pe", "pe"), "read")).toContain("Suspended in the auth service's directory");
  });

  it("knows a key's holder by the organisation whose data sources send it, whatever it is called", () => {
    const pairs = evidence.keys.map(({ id, orgId, holders }) => [id, orgId, ...holders]);
    expect(pairs).toEqual([
      ...["cl", "co", "mx", "pe"].map((id) => [`grafana-${id}`, `tenant-${id}`, id]),
      ...["cl", "co", "mx", "pe"].map((id) => [`operators-${id}`, `tenant-${id}`, "operators"]),
    ]);
    const { resources } = recording;
    const organisation = (name: string): string =>
      resources.find((one) => one.type === ORGANISATION && one.name.startsWith(name))?.urn ?? "";
    const [mx, co] = [organisation("mx"), organisation("co")];
    const moved = resources.map((one) =>
      one.type === DATA_SOURCE && one.name === "mx-logs"
        ? { ...one, dependsOn: one.dependsOn.map((urn) => (urn === mx ? co : urn)) }
        : one,
    );
    const found = isolation(evidenceOf({ ...recording, resources: moved }));
    expect(found.leaks("co")).toEqual(["mx"]);
    expect(reason(found.cells("co", "mx"), "read")).toContain("NOT APART: key grafana-mx");
  });

  it("knows who is no tenant", () => {
    const { operators, open } = isolation(evidence);
    expect(open).toEqual([]);
    expect(operators.group).toBe(true);
    expect(allowed(operators.cells("mx"))).toEqual(["read metrics", "read logs", "read traces"]);
    expect(reason(operators.cells("mx"), "read")).toBe(
      "People in /operators; key operators-mx, by which Grafana's data sources ask. By 14 routes.",
    );
    expect(reason(operators.cells("mx"), "write")).toBe(
      "Nobody: operators have no agent, and no key of theirs may write.",
    );
    expect(allowed(operators.cells("pe"))).toEqual([]);
    expect(reason(operators.cells("pe"), "read")).toBe(
      "Suspended in the auth service's directory: operators are refused as well (tenant_denied).",
    );
    const nobody = isolation({ ...evidence, keys: [], groups: new Set() }).operators;
    expect([nobody.group, allowed(nobody.cells("mx"))]).toEqual([false, []]);
    expect(reason(nobody.cells("mx"), "read")).toBe(
      "Nobody: the realm has no group of operators, and their organisation has no key of mx.",
    );
    expect(operators.keys.map(({ id }) => id)).toEqual([
      "operators-cl",
      "operators-co",
      "operators-mx",
      "operators-pe",
    ]);
  });
});

/** What somebody could get wrong, in what decides. */
describe("is worked out from what was declared, so that it shows", () => {
  const leaksOf = (changed: Partial<Evidence>, by = "mx") => isolation({ ...evidence, ...changed }).leaks(by);

  it("a key of another tenant", () => {
    const keys = evidence.keys.map((key) => (key.id === "grafana-mx" ? { ...key, orgId: "tenant-co" } : key));
    expect(leaksOf({ keys })).toEqual(["co"]);
    const { cells } = isolation({ ...evidence, keys });
    expect(allowed(cells("mx", "co"))).toEqual(["read metrics", "read logs", "read traces"]);
    expect(reason(cells("mx", "co"), "read")).toContain("NOT APART: key grafana-mx");
  });

  it("a key that may write", () => {
    const keys = evidence.keys.map((key) =>
      key.id === "grafana-mx" ? { ...key, orgId: "tenant-co", rights: ["logs:write"] } : key,
    );
    expect(allowed(isolation({ ...evidence, keys }).cells("mx", "co"))).toEqual(["write logs"]);
  });

  it("a claim of another tenant, but only with a binding", () => {
    const clients = evidence.clients.map((client) =>
      client.clientId === "agent-mx" ? { ...client, claims: ["tenant-co"] } : client,
    );
    expect(leaksOf({ clients })).toEqual([]);
    const bindings = new Set([...(evidence.bindings ?? []), "agent-mx|tenant-co"]);
    expect(leaksOf({ bindings })).toEqual([]);
    expect(leaksOf({ clients, bindings })).toEqual(["co"]);
    expect(leaksOf({ clients, bindings: undefined })).toEqual(["co"]);
  });

  it("a route that nobody checks", () => {
    const routes = evidence.routes.map((route) =>
      route.id === "loki-query" ? { ...route, verifier: "none" as const } : route,
    );
    const found = isolation({ ...evidence, routes });
    expect(found.open).toEqual(["loki-query"]);
    expect(found.leaks("mx")).toEqual(["cl", "co", "pe"]);
  });

  it("a key of the operators that may write", () => {
    const keys = evidence.keys.map((key) =>
      key.id === "operators-mx" ? { ...key, rights: ["logs:write"] } : key,
    );
    const cells = isolation({ ...evidence, keys }).operators.cells("mx");
    expect(allowed(cells.filter(({ verb }) => verb === "write"))).toEqual(["write logs"]);
    expect(cells.find(({ verb, allowed: may }) => may && verb === "write")?.reason).toMatch(
      /^NOT MEANT: Key operators-mx, /,
    );
  });

  it("that nothing can be read or written where there is no right, no route or no group", () => {
    const cells = (changed: Partial<Evidence>) =>
      allowed(isolation({ ...evidence, ...changed }).cells("mx", "mx"));
    expect(cells({ keys: [], groups: new Set() })).toEqual(["write metrics", "write logs", "write traces"]);
    expect(cells({ bindings: new Set() })).toEqual(["read metrics", "read logs", "read traces"]);
    expect(cells({ routes: [] })).toEqual([]);
    expect(isolation({ ...evidence, directory: undefined }).tenants).toEqual([]);
  });
});
