import { describe, expect, it } from "vitest";
import { noSharedDataSource } from "../../policies/rules/no-shared-data-source";
import type { ResourceRecord } from "../../src/model/recording";
import { files, messages, nothingOf, resource, tenant } from "./builder";

const [MX, PE] = [tenant("mx"), tenant("pe")];
const organisation = (name: string, parent?: ResourceRecord) =>
  resource("grafana:oss/organization:Organization", name, { name }, parent === undefined ? {} : { parent });
const [OWN, OTHERS, OPERATORS] = [organisation("mx", MX), organisation("pe", PE), organisation("operators")];
const GOOD = {
  orgId: "2",
  uid: "loki-mx",
  type: "loki",
  url: "https://envoy:4320",
  httpHeaders: { "x-scope-orgid": "tenant-mx", Authorization: "Bearer key" },
};
const source = (inputs: object = {}, dependsOn: readonly ResourceRecord[] = [OWN], parent = MX) =>
  resource("grafana:oss/dataSource:DataSource", "logs", { ...GOOD, ...inputs }, { dependsOn, parent });
const found = (...resources: readonly ResourceRecord[]) =>
  messages(noSharedDataSource, [MX, PE, OWN, OTHERS, OPERATORS, ...resources]);
const headers = (own: object) => ({ httpHeaders: { Authorization: "Bearer key", ...own } });

describe("no-shared-data-source", () => {
  it("passes a tenant's own source, and the operators' of that tenant", () => {
    expect(found(source())).toEqual([]);
    expect(found(source({}, [OPERATORS]))).toEqual([]);
  });

  it("passes the platform's own in the operators' organisation", () => {
    const platform = { uid: "loki-platform", ...headers({ "X-Scope-OrgID": "tenant-platform" }) };
    expect(found(source(platform, [OPERATORS]))).toEqual([]);
    expect(found(source(platform, [OWN]))).toEqual([
      "Data source logs of tenant platform is in the organisation of tenant mx.",
    ]);
  });

  it.each([
    [{ "X-Scope-OrgId": "tenant-mx|tenant-pe" }, '"tenant-mx|tenant-pe"'],
    [{ "x-scope-orgid": "tenant-mx,tenant-pe" }, '"tenant-mx,tenant-pe"'],
    [{ "x-scope-orgid": "tenant-mx", "X-Scope-OrgID": "tenant-pe" }, '"tenant-mx" and "tenant-pe"'],
    [{ "x-scope-orgid": "tenant-co" }, '"tenant-co"'],
    [{ "x-scope-orgid": "*" }, '"*"'],
    [{ "x-scope-orgid": "" }, '""'],
    [{}, "no tenant"],
  ])("refuses the headers %j", (own, named) => {
    expect(found(source(headers(own), [OPERATORS]))).toEqual([
      `Data source logs names ${named} in its X-Scope-OrgID header.`,
    ]);
  });

  it("sees the header in Grafana's own notation", () => {
    const hidden = {
      ...headers({ "x-scope-orgid": "tenant-mx" }),
      jsonDataEncoded: JSON.stringify({ httpHeaderName1: "X-SCOPE-ORGID" }),
      secureJsonDataEncoded: JSON.stringify({ httpHeaderValue1: "tenant-pe" }),
    };
    expect(found(source(hidden))).toEqual([
      'Data source logs names "tenant-mx" and "tenant-pe" in its X-Scope-OrgID header.',
    ]);
  });

  it("refuses a uid of another tenant, of another signal, and none", () => {
    for (const uid of ["loki-pe", "mimir-mx", undefined])
      expect(found(source({ uid }))).toEqual([
        `Data source logs of tenant mx has the type "loki" and the uid ${JSON.stringify(uid ?? "unset")}.`,
      ]);
    expect(found(source({ type: "postgres", uid: "loki-mx" }))).toHaveLength(1);
  });

  it("refuses another tenant's organisation, two of them, and the provider's own", () => {
    expect(found(source({}, [OTHERS]))).toEqual([
      "Data source logs of tenant mx is in the organisation of tenant pe.",
    ]);
    const lost = (orgId: string) =>
      `Data source logs is not in exactly one declared organisation (orgId ${JSON.stringify(orgId)}).`;
    expect(found(source({}, [OWN, OTHERS]))).toEqual([lost("2")]);
    expect(found(source({}, []))).toEqual([lost("2")]);
    expect(found(source({ orgId: undefined }))).toEqual([lost("unset")]);
  });

  it.each([
    "http://mimir:9009",
    "https://envoy:4318",
    "https://envoy.example.com.evil:4320x",
    "https://notenvoy:4320",
    "https://user@elsewhere:4320/envoy:4320",
    "envoy:4320",
    undefined,
  ])("refuses to read from %s", (url) => {
    expect(found(source({ url }))).toEqual([
      `Data source logs reads from ${JSON.stringify(url ?? "unset")}, which is not the edge's query listener.`,
    ]);
  });

  it("refuses no credential, two, and a browser that would have it", () => {
    expect(found(source({ httpHeaders: { "x-scope-orgid": "tenant-mx" } }))).toEqual([
      "Data source logs has 0 credentials.",
    ]);
    expect(found(source(headers({ "x-scope-orgid": "tenant-mx", "X-API-Key": "another" })))).toEqual([
      "Data source logs has 2 credentials.",
    ]);
    expect(found(source({ accessMode: "direct" }))).toEqual(['Data source logs has accessMode "direct".']);
    expect(found(source({ basicAuthEnabled: true }))).toHaveLength(1);
  });

  it("refuses what comes in beside the declared ones", () => {
    const config = resource("grafana:oss/dataSourceConfig:DataSourceConfig", "settings", { uid: "loki-mx" });
    const provisioned = files("grafana", { "/etc/atalaya/grafana/provisioning/datasources/all.yaml": "{}" });
    expect(found(source(), config, provisioned)).toEqual([
      "/etc/atalaya/grafana/provisioning/datasources/all.yaml declares data sources of its own.",
      "settings changes the settings of a data source that is declared elsewhere.",
    ]);
  });

  it("does not pass an environment without data sources", () => {
    expect(found()).toEqual([nothingOf("Grafana data source")]);
  });
});
