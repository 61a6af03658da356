import { expect, it } from "vitest";
import { besidesStopping, dataOf } from "../../../src/operate/pulumi/data";

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
    resources: [STACK, { urn: "mx", type: "atalaya:tenant:Tenant", outputs: { tenant: "mx" } }, VOLUME],
    pending_operations: [],
  },
};

it("tells volumes and tenants by the state", () => {
  expect(dataOf(exported)).toEqual({ volumes: ["atalaya-dev-loki.data"], tenants: ["mx"] });
  expect(dataOf({ version: 3, deployment: {} })).toEqual({ volumes: [], tenants: [] });
});

const urn = (type: string, name: string): string => `urn:pulumi:dev::atalaya::${type}::${name}`;

it("tells what an update would do besides stopping", () => {
  const stopping = [
    { op: "delete", urn: urn("atalaya:data:Logs$docker:index/container:Container", "loki-container") },
    { op: "delete", urn: urn("docker:index/network:Network", "docker-data") },
    { op: "same", urn: urn("atalaya:data:Logs$docker:index/volume:Volume", "loki-data") },
    { op: "same", urn: urn("keycloak:index/realm:Realm", "realm") },
    { op: "update", urn: urn("atalaya:control:AuthService", "auth") },
    { op: "update", urn: urn("pulumi:pulumi:Stack", "atalaya-dev") },
  ];
  expect(besidesStopping(stopping)).toEqual([]);
  expect(
    besidesStopping([
      ...stopping,
      {
        op: "delete",
        urn: urn("atalaya:tenant:Tenant$grafana:oss/organization:Organization", "pe-organisation"),
      },
      { op: "create", urn: urn("docker:index/volume:Volume", "agent-cl-data") },
      { op: "update", urn: urn("keycloak:openid/client:Client", "agent-pe-client") },
    ]),
  ).toEqual(["create agent-cl-data", "delete pe-organisation", "update agent-pe-client"]);
});
