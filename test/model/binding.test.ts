import { describe, expect, it } from "vitest";
import { parseTenantList } from "../../src/config";
import { bindings } from "../../src/model/binding";
import { directoryTenant } from "../../src/model/directory";
import { sends } from "../../src/model/tenant";

const { tenants } = parseTenantList(
  `
tenants:
  - id: mx
    name: México
    agents: [{ id: plant }, { id: agent-mx, state: active }, { id: old, state: suspended }]
    services: [{ name: shop, scopes: ["orders:read"] }]
  - { id: pe, name: Perú, state: suspended, agents: [{ id: agent-pe }, { id: old-pe, state: suspended }] }
  - { id: co, name: Colombia }
`,
  "tenants.yaml",
);

describe("a suspended agent", () => {
  it("is bound no more than a suspended tenant's", () => {
    expect(bindings(tenants)).toEqual(["agent-co|tenant-co", "agent-mx|tenant-mx", "plant|tenant-mx"]);
    expect(
      tenants.flatMap((tenant) => tenant.agents.map((agent) => `${agent.id} ${sends(tenant, agent)}`)),
    ).toEqual([
      "plant true",
      "agent-mx true",
      "old false",
      "agent-pe false",
      "old-pe false",
      "agent-co true",
    ]);
  });

  it("is no agent to the auth service, which is told of it all the same", () => {
    expect(tenants.map(directoryTenant)).toEqual([
      {
        id: "mx",
        orgId: "tenant-mx",
        state: "active",
        agents: ["agent-mx", "plant"],
        suspendedAgents: ["old"],
        services: [{ clientId: "service-mx-shop", scopes: ["orders:read"] }],
      },
      {
        id: "pe",
        orgId: "tenant-pe",
        state: "suspended",
        agents: ["agent-pe"],
        suspendedAgents: ["old-pe"],
        services: [],
      },
      { id: "co", orgId: "tenant-co", state: "active", agents: ["agent-co"], services: [] },
    ]);
  });
});
