import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  apiKeyNames,
  apiKeyRecords,
  auditQueue,
  dataEntry,
  dataOrder,
  dataUsage,
  refusalName,
} from "../../../src/auth/redis/keyspace";
import type { DirectoryTenant } from "../../../src/model/directory";
import { orgId, type TenantId } from "../../../src/model/names";
import { tenantOf } from "./real";

const MX = tenantOf("mx");
const tenant = fc
  .stringMatching(/^[a-z][a-z0-9]{0,3}(-[a-z0-9]{1,3}){0,2}$/)
  .map((id): DirectoryTenant => ({ ...MX, id: id as TenantId, orgId: orgId(id as TenantId) }));
const key = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom(":", "{", "}", "%", "3", "A", "a", "é", "e\u0301"), maxLength: 6 }),
);
const all = (of: DirectoryTenant): readonly string[] => [...apiKeyNames(of), dataOrder(of), dataUsage(of)];

describe("names of keys in Redis", () => {
  it("are these", () => {
    expect(all(MX)).toEqual([
      "t:{tenant-mx}:api-keys:records",
      "t:{tenant-mx}:api-keys:hashes",
      "t:{tenant-mx}:api-keys:order",
      "t:{tenant-mx}:api-keys:used",
      "t:{tenant-mx}:data:order",
      "t:{tenant-mx}:data:usage",
    ]);
    expect(apiKeyRecords(MX)).toBe("t:{tenant-mx}:api-keys:records");
    expect(dataEntry(MX, "a:b{c}/é")).toBe("t:{tenant-mx}:data:entry:a%3Ab%7Bc%7D%2F%C3%A9");
  });

  it("never meet: neither two tenants', nor two entries', nor an entry's and another's", () => {
    fc.assert(
      fc.property(tenant, key, tenant, key, (one, first, other, second) => {
        const same = one.orgId === other.orgId && first === second;
        const [a, b] = [dataEntry(one, first), dataEntry(other, second)];
        expect(a === b).toBe(same);
        for (const name of all(other)) expect(a).not.toBe(name);
        // One slot, and one prefix that is nobody else's.
        for (const name of [a, ...all(one)]) {
          expect(/\{([^}]*)\}/.exec(name)?.[1]).toBe(one.orgId);
          expect(name.startsWith(`t:{${other.orgId}}:`)).toBe(one.orgId === other.orgId);
          expect(name.match(/[{}]/g)).toHaveLength(2);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("are no keys of the queue of audit records, which has a slot of its own", () => {
    const { prefix, name } = auditQueue();
    expect(`${prefix}:${name}`).toBe("queue:{audit}:records");
    // Whatever a tenant is called, its organisation begins so.
    expect("audit".startsWith(orgId("" as TenantId))).toBe(false);
  });

  it("are no keys of refusals, whatever a client calls its request", () => {
    expect(refusalName("7d3a1c52-1f0e")).toBe("refusals:{refusals}:7d3a1c52-1f0e");
    expect(refusalName("../t:{tenant-pe}:data")).toBe("refusals:{refusals}:..%2Ft%3A%7Btenant-pe%7D%3Adata");
    expect("refusals".startsWith(orgId("" as TenantId))).toBe(false);
  });

  it("are not made of half a surrogate pair: on the wire two of them would be one", () => {
    expect(() => dataEntry(MX, "\ud800")).toThrow("not well-formed");
  });
});
