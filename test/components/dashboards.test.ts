import { describe, expect, it } from "vitest";
import { matchRoutes } from "../../src/model/match";
import type { Recording, ResourceRecord } from "../../src/model/recording";
import { MX, only, PE, recordEnvironment, tenantOf } from "./environment";

const sources = ({ resources }: Recording): readonly ResourceRecord[] =>
  resources.filter(({ type }) => type.endsWith(":DataSource"));
const headers = ({ inputs }: ResourceRecord) => inputs["httpHeaders"] as Readonly<Record<string, string>>;
/** The number that an offline preview makes up for an organisation. */
const organisation = (recording: Recording, name: string): string => {
  const mapping = only(recording, "grafana:SsoSettings single-sign-on-settings").inputs["oauth2Settings"];
  const { orgMapping } = mapping as { orgMapping: string };
  return new RegExp(`${name}:(\\d+):`).exec(orgMapping)?.[1] ?? "";
};

describe("data sources", () => {
  it("are three per tenant in its own organisation, and the same three in the operators'", async () => {
    const recording = await recordEnvironment([MX, PE]);
    const [mx, pe, operators] = ["/tenants/mx/admin", "/tenants/pe/admin", "/operators"].map((group) =>
      organisation(recording, group),
    );
    const found = sources(recording).map(
      ({ inputs }) => `${String(inputs["orgId"])} ${String(inputs["uid"])}`,
    );
    const three = (organisationId: string | undefined, tenant: string) =>
      ["mimir", "loki", "tempo"].map((backend) => `${String(organisationId)} ${backend}-${tenant}`);
    expect(found.sort()).toEqual(
      [...three(mx, "mx"), ...three(pe, "pe"), ...three(operators, "mx"), ...three(operators, "pe")].sort(),
    );
  });

  it("carry a key of their own tenant, another one for operators, and ask for that tenant", async () => {
    const recording = await recordEnvironment([MX, PE]);
    for (const source of sources(recording)) {
      const tenant = tenantOf(recording, source) ?? "";
      const whose = source.parent?.includes("OperatorsView") === true ? "operators" : "own";
      expect(headers(source)).toEqual({
        Authorization: `Bearer atl_${tenant}_preview:secret:random-password:${tenant}-key-${whose}:result`,
        "x-scope-orgid": `tenant-${tenant}`,
      });
    }
  });

  it("lead where Grafana's own paths are routes of the edge's query listener", async () => {
    const recording = await recordEnvironment([MX]);
    // What Grafana's plugins put behind a data source's URL.
    const asked = {
      prometheus: ["/api/v1/query_range", "/api/v1/labels", "/api/v1/label/job/values", "/api/v1/metadata"],
      loki: ["/loki/api/v1/query_range", "/loki/api/v1/labels", "/loki/api/v1/index/stats"],
      tempo: ["/api/search", "/api/v2/traces/4bf92f3577b34da6", "/api/v2/search/tags"],
    } as const;
    for (const { inputs } of sources(recording))
      for (const path of asked[inputs["type"] as keyof typeof asked]) {
        const url = new URL(`${String(inputs["url"])}${path}`);
        const routes = matchRoutes("GET", url.pathname).filter(({ listeners }) =>
          listeners.includes("query"),
        );
        expect([url.host, url.protocol, url.pathname, routes.length]).toEqual([
          "envoy:4320",
          "https:",
          url.pathname,
          1,
        ]);
      }
  });

  it("lead to each other within their tenant, and trust the edge by its authority", async () => {
    const recording = await recordEnvironment([MX, PE]);
    for (const source of sources(recording)) {
      const tenant = tenantOf(recording, source) ?? "";
      const json = JSON.parse(String(source.inputs["jsonDataEncoded"])) as { tlsAuthWithCACert: boolean };
      const linked = [...JSON.stringify(json).matchAll(/"datasourceUid":"([^"]+)"/g)].map(([, uid]) => uid);
      expect(json.tlsAuthWithCACert).toBe(true);
      expect(linked.length).toBeGreaterThan(0);
      expect(linked.filter((uid) => uid?.endsWith(`-${tenant}`) !== true)).toEqual([]);
    }
  });
});

describe("single sign-on", () => {
  it("maps groups to organisations by number, nobody of a tenant above Editor, and has no role path", async () => {
    const recording = await recordEnvironment([PE, MX]);
    const { inputs } = only(recording, "grafana:SsoSettings single-sign-on-settings");
    const settings = inputs["oauth2Settings"] as Readonly<Record<string, unknown>>;
    const [mx, pe, operators] = ["/tenants/mx/admin", "/tenants/pe/admin", "/operators"].map((group) =>
      organisation(recording, group),
    );
    expect(settings["orgMapping"]).toBe(
      [
        `/tenants/mx/admin:${String(mx)}:Editor`,
        `/tenants/mx/editor:${String(mx)}:Editor`,
        `/tenants/mx/viewer:${String(mx)}:Viewer`,
        `/tenants/pe/admin:${String(pe)}:Editor`,
        `/tenants/pe/editor:${String(pe)}:Editor`,
        `/tenants/pe/viewer:${String(pe)}:Viewer`,
        `/operators:${String(operators)}:Admin`,
      ].join(" "),
    );
    expect(settings).toMatchObject({
      orgAttributePath: "groups",
      roleAttributeStrict: true,
      allowAssignGrafanaAdmin: false,
      usePkce: true,
    });
    expect(Object.keys(settings)).not.toContain("roleAttributePath");
  });
});
