import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findKey } from "../../../src/auth/api-keys/find";
import { newKey } from "../../../src/auth/api-keys/format";
import type { FoundSelfService, UsableKey } from "../../../src/auth/api-keys/lookup";
import { decide, type Knowledge } from "../../../src/auth/decide";
import { parseKeys } from "../../../src/auth/directory";
import { KeyRing } from "../../../src/auth/keys";
import type { KeyRight } from "../../../src/model/directory";
import { tenantOf } from "../redis/real";
import {
  allowed,
  decision,
  denied,
  keys,
  keysText,
  knowledge,
  pepper,
  push,
  read,
  undecided,
} from "../world";

const MX = tenantOf("mx");
const SECRET = newKey(MX);
const own = (rights: readonly KeyRight[], of = MX): FoundSelfService => ({
  kind: "key",
  key: { id: "key_1", orgId: of.orgId, rights },
});
/** Knows one key, and counts who asks. */
function world(found: FoundSelfService): Knowledge & { asked: string[] } {
  const asked: string[] = [];
  const find = (secret: string): Promise<FoundSelfService> => {
    asked.push(secret);
    return Promise.resolve(secret === SECRET ? found : { kind: "absent" });
  };
  return { ...knowledge, selfService: { find }, asked };
}
const logs = (apiKey: string) => push({ path: "/loki/api/v1/push", apiKey });

describe("a self-service key", () => {
  it("writes and reads what it may, for its tenant, as Bearer, in its own header and as a password", async () => {
    const by = world(own(["logs:write", "metrics:read"]));
    expect(await decision(logs(SECRET), by)).toEqual(allowed("tenant-mx", "key_1"));
    const basic = Buffer.from(`anybody:${SECRET}`).toString("base64");
    for (const authorization of [`Bearer ${SECRET}`, `Basic ${basic}`])
      expect(await decision(read({ authorization }), by)).toEqual(allowed("tenant-mx", "key_1"));
    const asked = { ...logs(SECRET), requestedTenant: "tenant-mx" };
    expect(await decision(asked, by)).toEqual(allowed("tenant-mx", "key_1"));
    const { credential, user, tenant } = await decide(logs(SECRET), by);
    expect({ credential, user, tenant }).toEqual({ credential: "key", user: "key_1", tenant: "tenant-mx" });
  });

  it("does nothing else, for nobody else, and nothing for a suspended tenant", async () => {
    expect(await decision(logs(SECRET), world(own(["logs:read"])))).toEqual(denied(403, "right_missing"));
    const by = world(own(["logs:write"]));
    for (const requestedTenant of ["tenant-pe", "tenant-mx|tenant-pe", "TENANT-MX"])
      expect(await decision({ ...logs(SECRET), requestedTenant }, by)).toEqual(denied(403, "tenant_denied"));
    const suspended = world(own(["logs:write"], tenantOf("co")));
    expect(await decision(logs(SECRET), suspended)).toEqual(denied(403, "tenant_denied"));
  });

  it("is refused when there is none, and not decided on while nobody knows", async () => {
    expect(await decision(logs(SECRET), world({ kind: "absent" }))).toEqual(denied(401, "key_invalid"));
    expect(await decision(logs(SECRET), world({ kind: "unknown" }))).toEqual(undecided("keys_unavailable"));
    expect(await decision(logs(SECRET), knowledge)).toEqual(denied(401, "key_invalid"));
    const by = { ...world(own(["logs:write"])), keys: undefined };
    expect(await decision(logs(SECRET), by)).toEqual(undecided("keys_unavailable"));
  });

  it("is not called invalid while the declared keys are not settled, of which it could be one", async () => {
    const unsettled = new KeyRing(parseKeys(keysText), Buffer.from(pepper), () => false);
    const absent = { ...world({ kind: "absent" }), keys: unsettled };
    expect(await decision(logs(SECRET), absent)).toEqual(undecided("keys_unavailable"));
    const found = { ...world(own(["logs:write"])), keys: unsettled };
    expect(await decision(logs(SECRET), found)).toEqual(allowed("tenant-mx", "key_1"));
  });

  it("is looked for after the declared ones, which need no Redis", async () => {
    const by = world({ kind: "unknown" });
    expect(await decision(logs("atl_mx_writer"), by)).toEqual(allowed("tenant-mx", "shipper-mx"));
    expect(by.asked).toEqual([]);
  });

  it("that cannot be looked up for any reason is no decision", async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), async (thrown) => {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        const selfService = { find: () => Promise.reject(thrown) };
        expect(await decision(logs(SECRET), { ...knowledge, selfService })).toEqual(undecided("internal"));
      }),
    );
  });

  it("allows only what it was found to be, whatever is asked", async () => {
    const key: fc.Arbitrary<UsableKey> = fc.record({
      id: fc.constant("key_1"),
      orgId: fc.constantFrom(...["mx", "pe", "co"].map((id) => tenantOf(id).orgId)),
      rights: fc.subarray<KeyRight>([
        "logs:read",
        "logs:write",
        "metrics:read",
        "metrics:write",
        "traces:read",
      ]),
    });
    const request = fc.record({
      apiKey: fc.constant(SECRET),
      authorization: fc.constant(undefined),
      method: fc.constantFrom("GET", "POST", "DELETE"),
      path: fc.constantFrom("/loki/api/v1/push", "/loki/api/v1/query", "/v1/metrics", "/v1/traces", "/api/v1/push", "/prometheus/api/v1/query", "/x"), // prettier-ignore
      requestedTenant: fc.option(fc.constantFrom("tenant-mx", "tenant-pe", "tenant-co", ""), {
        nil: undefined,
      }),
    });
    let allows = 0;
    await fc.assert(
      fc.asyncProperty(request, key, async (asked, found) => {
        const { decision: made, routes } = await decide(asked, world({ kind: "key", key: found }));
        expect(made.kind).not.toBe("undecided");
        if (made.kind !== "allow") return;
        allows++;
        expect([made.orgId, made.userId]).toEqual([found.orgId, "key_1"]);
        expect(found.orgId).not.toBe("tenant-co");
        expect([undefined, found.orgId]).toContain(asked.requestedTenant);
        // What it may do there, the tenant API says per operation.
        if (routes.every(({ right }) => "api" in right)) return;
        const rights = routes.map(({ right }) =>
          "signal" in right ? `${right.signal}:${right.verb}` : "none",
        );
        expect(rights.some((right) => found.rights.some((one) => one === right))).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    expect(allows).toBeGreaterThan(20);
  });
});

describe("findKey", () => {
  it("tells whose a key is, declared or not, in the same words", async () => {
    const { selfService } = world(own(["logs:read"]));
    const find = (secret: string, ring: KeyRing | undefined = keys) => findKey(secret, ring, selfService);
    const declared = { kind: "key", id: "shipper-mx", orgId: "tenant-mx", rights: ["logs:write"] };
    expect(await find("atl_mx_writer")).toEqual(declared);
    expect(await find(SECRET)).toEqual({
      kind: "key",
      id: "key_1",
      orgId: "tenant-mx",
      rights: ["logs:read"],
    });
    expect(await find("atl_mx_nobody")).toEqual({ kind: "invalid" });
    expect(await findKey(SECRET, undefined, selfService)).toEqual({ kind: "unknown" });
  });
});
