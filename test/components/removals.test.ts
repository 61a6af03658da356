import { describe, expect, it } from "vitest";
import type { TenantId } from "../../src/model/names";
import { activeAndGone } from "../../src/stack/removals";

const tenant = (id: string, state: string) => ({
  [`urn:pulumi:dev::atalaya::atalaya:tenant:Tenant::${id}`]: {
    type: "atalaya:tenant:Tenant",
    outputs: { tenant: id, state },
  },
});
const listed = (...ids: string[]) => ids.map((id) => ({ id: id as TenantId }));

describe("tenants that disappear from the list", () => {
  const state = {
    ...tenant("pe", "active"),
    ...tenant("mx", "active"),
    ...tenant("co", "suspended"),
    "urn:pulumi:dev::atalaya::docker:index/volume:Volume::mimir-data": {
      type: "docker:index/volume:Volume",
      outputs: { state: "active", tenant: "zz" },
    },
    "urn:pulumi:dev::atalaya::atalaya:docker:Host::docker": { type: "atalaya:docker:Host" },
  };

  it("are found while the last update had them active", () => {
    expect(activeAndGone(state, listed("co"))).toEqual(["mx", "pe"]);
  });

  it("may go once they were suspended, and nobody is missed in a new stack", () => {
    expect(activeAndGone(state, listed("mx", "pe"))).toEqual([]);
    expect(activeAndGone({}, listed("mx"))).toEqual([]);
  });
});
