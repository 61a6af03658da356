import { describe, expect, it } from "vitest";
import { namesAreUnique } from "../../policies/rules/names-are-unique";
import { UNKNOWN } from "../../policies/rules/values";
import { container, judge, messages, nothingOf, resource, tenant } from "./builder";

const client = (name: string, inputs: object) => resource("keycloak:openid/client:Client", name, inputs);
const source = (name: string, inputs: object) => resource("grafana:oss/dataSource:DataSource", name, inputs);
const named = (name: string, inputs: object) => resource("docker:index/container:Container", name, inputs);

describe("names-are-unique", () => {
  it("passes names that differ, or that are the same in different places", () => {
    expect(
      messages(namesAreUnique, [
        client("a", { realmId: "observability", clientId: "grafana" }),
        client("b", { realmId: "other", clientId: "grafana" }),
        source("c", { orgId: "1", uid: "loki-mx" }),
        source("d", { orgId: "2", uid: "loki-mx" }),
        named("e", { name: "atalaya-dev-mx", networksAdvanced: [{ name: "x", aliases: ["mx"] }] }),
        named("f", { name: "atalaya-dev-pe", networksAdvanced: [{ name: "y", aliases: ["mx"] }] }),
      ]),
    ).toEqual([]);
  });

  it.each([
    [
      [named("a", { name: "same" }), named("b", { name: "same" })],
      'b and a both claim the container "same".',
    ],
    [
      [
        client("a", { realmId: "r", clientId: "agent-mx" }),
        client("b", { realmId: "r", clientId: "Agent-MX" }),
      ],
      'b and a both claim the client "r / agent-mx".',
    ],
    [
      [source("a", { orgId: "1", uid: "loki-mx" }), source("b", { orgId: "1", uid: "loki-mx" })],
      'b and a both claim the datasource "1 / loki-mx".',
    ],
    [
      [
        container("a", { networksAdvanced: [{ name: "data", aliases: ["mimir"] }] }),
        container("b", { networksAdvanced: [{ name: "data", aliases: ["x", "mimir"] }] }),
      ],
      'b and a both claim the name "mimir" on the network data.',
    ],
  ])("refuses a name that two claim", (resources, message) => {
    expect(messages(namesAreUnique, resources)).toEqual([message]);
  });

  it("refuses one URN for two tenants' resources, and says whose", () => {
    const [mx, pe] = [tenant("mx"), tenant("pe")];
    const users = [mx, pe].map((parent) => resource("keycloak:index/user:User", "viewer", {}, { parent }));
    const found = judge(namesAreUnique, [mx, pe, client("a", { clientId: "a" }), ...users]);
    expect(found.map(({ message }) => message)).toEqual([
      "viewer and viewer both claim the URN urn:pulumi:dev::atalaya::atalaya:tenant:Tenant$keycloak:index/user:User::viewer.",
    ]);
    expect(found[0]?.tenant).toBeDefined();
  });

  it("does not take two unknown names for one", () => {
    expect(
      messages(namesAreUnique, [
        source("a", { orgId: UNKNOWN, uid: "loki-mx" }),
        source("b", { orgId: UNKNOWN, uid: "loki-mx" }),
        named("c", { name: "c" }),
      ]),
    ).toEqual([]);
  });

  it("does not pass an environment in which nothing has a name", () => {
    expect(messages(namesAreUnique, [])).toEqual([nothingOf("named resource")]);
  });
});
