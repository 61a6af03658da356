import { describe, expect, it } from "vitest";
import { grafanaStaysInItsOrganisation } from "../../policies/rules/grafana-stays-in-its-organisation";
import type { ResourceRecord } from "../../src/model/recording";
import { judge, messages, nothingOf, resource, tenant } from "./builder";

const MX = tenant("mx");
const PE = tenant("pe");
const organisation = (name: string, parent?: ResourceRecord) =>
  resource("grafana:oss/organization:Organization", name, { name }, parent === undefined ? {} : { parent });
const HOMES = [organisation("mx", MX), organisation("pe", PE), organisation("operators")];
const [OF_MX, OF_PE, OPERATORS] = HOMES;
const folder = (home: ResourceRecord | undefined, inputs: object = { orgId: "1" }) =>
  resource("grafana:oss/folder:Folder", "services", inputs, {
    parent: MX,
    dependsOn: home === undefined ? [] : [home],
  });
const found = (...more: readonly ResourceRecord[]) =>
  judge(grafanaStaysInItsOrganisation, [MX, PE, ...HOMES, ...more]);

describe("grafana-stays-in-its-organisation", () => {
  it("passes a tenant's folder in its own organisation, and in the operators'", () => {
    expect(found(folder(OF_MX))).toEqual([]);
    expect(found(folder(OPERATORS))).toEqual([]);
  });

  it("refuses another tenant's, and says both", () => {
    expect(found(folder(OF_PE)).map((one) => [one.tenant, one.message])).toEqual([
      ["mx", "Folder services of tenant mx is in the organisation of tenant pe."],
    ]);
  });

  it("refuses none, and the provider's own", () => {
    expect(found(folder(undefined)).map(({ message }) => message)).toEqual([
      'Folder services is not in exactly one declared organisation (orgId "1").',
    ]);
    expect(found(folder(OF_MX, {})).map(({ message }) => message)).toEqual([
      'Folder services is not in exactly one declared organisation (orgId "unset").',
    ]);
  });

  it("refuses a tenant without an organisation, and one with two", () => {
    const rest = HOMES.slice(1);
    expect(messages(grafanaStaysInItsOrganisation, [MX, PE, ...rest, organisation("pe-2", PE)])).toEqual([
      "Tenant mx has 0 Grafana organisations.",
      "Tenant pe has 2 Grafana organisations.",
    ]);
  });

  it("does not pass without any organisation", () => {
    expect(messages(grafanaStaysInItsOrganisation, [MX])).toEqual([nothingOf("Grafana organisation")]);
  });
});
