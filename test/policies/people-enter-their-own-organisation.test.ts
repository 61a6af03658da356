import { describe, expect, it } from "vitest";
import { peopleEnterTheirOwnOrganisation } from "../../policies/rules/people-enter-their-own-organisation";
import { UNKNOWN } from "../../policies/rules/values";
import type { ResourceRecord } from "../../src/model/recording";
import { container, files, messages, nothingOf, resource, tenant, type Options } from "./builder";

const [MX, PE] = [tenant("mx"), tenant("pe")];
const owned = (type: string, name: string, inputs: object, options: Options = {}) =>
  resource(type, name, inputs, options);
const organisation = (name: string, options?: Options) =>
  owned("grafana:oss/organization:Organization", name, {}, options);
const [OWN, OTHERS, OPERATORS] = [
  organisation("mx", { parent: MX }),
  organisation("pe", { parent: PE }),
  organisation("operators"),
];
const source = (orgId: string, of: ResourceRecord) =>
  owned("grafana:oss/dataSource:DataSource", `in-${orgId}`, { orgId }, { dependsOn: [of] });
const WORLD = [MX, PE, OWN, OTHERS, OPERATORS, source("2", OWN), source("3", OTHERS), source("4", OPERATORS)];
const MAPPING = [
  "/tenants/mx/admin:2:Editor",
  "/tenants/mx/viewer:2:Viewer",
  "/tenants/pe/viewer:3:Viewer",
  "/operators:4:Admin",
];
const login = (change: object = {}) =>
  owned("grafana:oss/ssoSettings:SsoSettings", "login", {
    oauth2Settings: { roleAttributeStrict: true, orgMapping: MAPPING.join(" "), ...change },
  });
const found = (change?: object, ...more: readonly ResourceRecord[]) =>
  messages(peopleEnterTheirOwnOrganisation, [...WORLD, login(change), ...more]);
const mapped = (entry: string) => found({ orgMapping: [...MAPPING, entry].join(" ") });

describe("people-enter-their-own-organisation", () => {
  it("passes groups that lead into their own tenant's organisation", () => {
    expect(found()).toEqual([]);
    expect(found({ roleAttributePath: "", allowAssignGrafanaAdmin: false, skipOrgRoleSync: false })).toEqual(
      [],
    );
  });

  it.each([
    ["/tenants/pe/viewer:2:Viewer", "leads into the organisation of tenant mx"],
    ["/tenants/pe/viewer:4:Viewer", "leads into an organisation that is not its own"],
    ["/tenants/pe/viewer:*:Viewer", "leads into an organisation that is not its own"],
    ["/tenants/pe/viewer:1:Viewer", "leads into an organisation that is not its own"],
    ["/tenants/pe/admin:3:Admin", 'gives the role "Admin"'],
    ["/tenants/pe/admin:3:GrafanaAdmin", 'gives the role "GrafanaAdmin"'],
    ["/operators:2:Admin", "leads into the organisation of tenant mx"],
    ["/operators:*:Admin", "leads into no organisation that is declared"],
    ["*:4:Viewer", "is no group of one tenant and not the operators'"],
    ["/tenants/pe:3:Viewer", "is no group of one tenant and not the operators'"],
    ["/tenants/pe/owner:3:Viewer", "is no group of one tenant and not the operators'"],
  ])("refuses %s", (entry, problem) => {
    expect(mapped(entry)).toEqual([`Grafana's login: ${entry} ${problem}.`]);
  });

  it("refuses a tenant that is not in this environment", () => {
    expect(mapped("/tenants/co/viewer:5:Viewer")).toEqual([
      "Grafana's login: /tenants/co/viewer:5:Viewer leads into an organisation that is not its own.",
      "Grafana's login: /tenants/co/viewer:5:Viewer names a tenant that is not in this environment.",
    ]);
  });

  it.each([
    [{ orgMapping: "" }, "Grafana's login maps no group to an organisation."],
    [
      { roleAttributeStrict: false },
      "Grafana lets people in who belong to no group (roleAttributeStrict is not true).",
    ],
    [
      { roleAttributePath: "'Viewer'" },
      "Grafana takes a role from \"'Viewer'\", which it merges into every organisation.",
    ],
    [
      { allowAssignGrafanaAdmin: true },
      "Grafana can make somebody an administrator of every organisation, or keeps old memberships.",
    ],
    [
      { skipOrgRoleSync: true },
      "Grafana can make somebody an administrator of every organisation, or keeps old memberships.",
    ],
  ])("refuses %j", (change, message) => {
    expect(found(change)).toEqual([message]);
  });

  it("leaves a mapping alone whose numbers are not known yet", () => {
    expect(found({ orgMapping: UNKNOWN })).toEqual([]);
  });

  it.each([
    ["[auth.anonymous]\nenabled = true\n", "[auth.anonymous] enabled is true"],
    ["[auth.anonymous]\nenabled=True\n", "[auth.anonymous] enabled is True"],
    ["[auth.proxy]\nenabled = 1\n", "[auth.proxy] enabled is 1"],
    ["[users]\nauto_assign_org = true\n", "[users] auto_assign_org is true"],
    ["[auth.generic_oauth]\norg_mapping = *:2:Viewer\n", "[auth.generic_oauth] org_mapping is *:2:Viewer"],
    [
      "[auth.generic_oauth]\nrole_attribute_path = \"'Admin'\"\n",
      "[auth.generic_oauth] role_attribute_path is 'Admin'",
    ],
  ])("refuses Grafana's own %j", (ini, problem) => {
    expect(found({}, files("grafana", { "/etc/atalaya/grafana/grafana.ini": ini }))).toEqual([
      `Grafana's ${problem}.`,
    ]);
  });

  it("refuses the same as variables, which outrank the file", () => {
    const grafana = (env: string) => container("grafana", { envs: [env] });
    expect(found({}, grafana("GF_AUTH_ANONYMOUS_ENABLED=true"))).toEqual([
      "Grafana's [auth.anonymous] enabled is true.",
    ]);
    expect(found({}, grafana("gf_users_auto_assign_org=true"))).toEqual([
      "Grafana's [users] auto_assign_org is true.",
    ]);
    expect(found({}, grafana("GF_AUTH_ANONYMOUS_ENABLED=false"))).toEqual([]);
  });

  it("refuses a user in another tenant's group", () => {
    const group = (name: string, parent?: ResourceRecord) =>
      owned("keycloak:index/group:Group", name, {}, parent === undefined ? {} : { parent });
    const groups = [group("mx-viewer", MX), group("pe-viewer", PE), group("operators")];
    const member = (name: string, of: number, parent?: ResourceRecord) =>
      owned(
        "keycloak:index/userGroups:UserGroups",
        name,
        {},
        {
          dependsOn: groups.slice(of, of + 1),
          ...(parent !== undefined && { parent }),
        },
      );
    expect(found({}, ...groups, member("a", 0, MX), member("b", 1, PE), member("c", 2))).toEqual([]);
    expect(found({}, ...groups, member("a", 0, PE), member("b", 2, PE), member("c", 0))).toEqual([
      "a of tenant pe puts people into mx-viewer of tenant mx.",
      "b of tenant pe puts people into operators of the operators.",
      "c of the operators puts people into mx-viewer of tenant mx.",
    ]);
  });

  it("does not pass an environment without a login", () => {
    expect(messages(peopleEnterTheirOwnOrganisation, WORLD)).toEqual([
      nothingOf("Grafana login (SsoSettings)"),
    ]);
  });
});
