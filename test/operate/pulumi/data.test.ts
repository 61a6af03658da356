import { expect, it } from "vitest";
import { dataOf, withoutAccounts } from "../../../src/operate/pulumi/data";

const STACK = { urn: "stack", type: "pulumi:pulumi:Stack" };
const VOLUME = {
  urn: "data",
  type: "docker:index/volume:Volume",
  outputs: { name: "atalaya-dev-loki.data" },
};
const exported = {
  version: 3,
  deployment: {
    manifest: { version: "v3" },
    resources: [
      STACK,
      { urn: "mx", type: "atalaya:tenant:Tenant", outputs: { tenant: "mx" } },
      { urn: "provider", type: "pulumi:providers:keycloak", id: "1" },
      { urn: "docker", type: "pulumi:providers:docker", id: "2" },
      VOLUME,
      { urn: "client", type: "keycloak:openid/client:Client", id: "3", provider: "provider::1" },
      { urn: "org", type: "grafana:oss/organization:Organization", id: "4", deletedWith: "container" },
      {
        ...{ urn: "container", type: "docker:index/container:Container", deletedWith: "client" },
        dependencies: ["data", "client"],
        propertyDependencies: { env: ["client", "org"], image: ["data"] },
      },
    ],
    pending_operations: [],
  },
};

it("tells volumes and tenants by the state", () => {
  expect(dataOf(exported)).toEqual({ volumes: ["atalaya-dev-loki.data"], tenants: ["mx"] });
  expect(dataOf({ version: 3, deployment: {} })).toEqual({ volumes: [], tenants: [] });
});

it("forgets what lies in Keycloak and Grafana, and every reference to it", () => {
  expect(withoutAccounts(exported)).toEqual({
    version: 3,
    deployment: {
      manifest: { version: "v3" },
      resources: [
        STACK,
        { urn: "mx", type: "atalaya:tenant:Tenant", outputs: { tenant: "mx" } },
        { urn: "docker", type: "pulumi:providers:docker", id: "2" },
        VOLUME,
        {
          ...{ urn: "container", type: "docker:index/container:Container" },
          dependencies: ["data"],
          propertyDependencies: { env: [], image: ["data"] },
        },
      ],
      pending_operations: [],
    },
  });
});
