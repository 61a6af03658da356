import { describe, expect, it } from "vitest";
import { ROUTES } from "../../src/model/routes";
import { allowed, bearer, decision, denied, PERSON, push, read, type Claims } from "./world";

const person = (groups: unknown, claims: Claims = {}): Promise<string> =>
  bearer({ azp: "atalaya-cli", sub: PERSON, groups, ...claims });
const reads = async (groups: unknown, requestedTenant?: string, claims?: Claims) =>
  decision(read({ authorization: await person(groups, claims), requestedTenant }));

const MX = allowed("tenant-mx", PERSON);
const DENIED = denied(403, "tenant_denied");
const REQUIRED = denied(403, "tenant_required");

describe("a person's token", () => {
  it.each(["admin", "editor", "viewer"])("of a tenant's %s reads for it, named or not", async (role) => {
    expect(await reads([`/tenants/mx/${role}`])).toEqual(MX);
    expect(await reads([`/tenants/mx/${role}`], "tenant-mx")).toEqual(MX);
  });

  it("of several roles in one tenant is of one tenant", async () => {
    expect(await reads(["/tenants/mx/viewer", "/tenants/mx/admin"])).toEqual(MX);
  });

  it("of several tenants reads the one that is named", async () => {
    const both = ["/tenants/mx/viewer", "/tenants/pe/editor"];
    expect(await reads(both, "tenant-mx")).toEqual(MX);
    expect(await reads(both, "tenant-pe")).toEqual(allowed("tenant-pe", PERSON));
    expect(await reads(both)).toEqual(REQUIRED);
  });

  it.each([
    "tenant-pe",
    "mx",
    "TENANT-MX",
    "tenant-mx|tenant-pe",
    "tenant-mx, tenant-mx",
    "",
    " tenant-mx",
    "*",
  ])("may not ask for %j", async (asked) => {
    expect(await reads(["/tenants/mx/admin"], asked)).toEqual(DENIED);
  });

  it("of a suspended tenant opens nothing, and does not count as a second one", async () => {
    expect(await reads(["/tenants/co/admin"])).toEqual(DENIED);
    expect(await reads(["/tenants/co/admin"], "tenant-co")).toEqual(DENIED);
    expect(await reads(["/tenants/co/admin", "/tenants/mx/viewer"])).toEqual(MX);
  });

  it.each([
    ["no groups", undefined],
    ["none in a list", []],
    ["a text", "/tenants/mx/viewer"],
    ["a list in a list", [["/tenants/mx/viewer"]]],
    ["numbers", [1, 2]],
    ["an object", { 0: "/tenants/mx/viewer", length: 1 }],
    ["null", null],
    ["a text that is a list of one", "[/tenants/mx/viewer]"],
    ["no role", ["/tenants/mx"]],
    ["more than a role", ["/tenants/mx/viewer/x"]],
    ["an unknown role", ["/tenants/mx/owner"]],
    ["no tenant", ["/tenants//viewer"]],
    ["an unknown tenant", ["/tenants/zz/viewer"]],
    ["a tenant in capitals", ["/tenants/MX/viewer"]],
    ["a role in capitals", ["/tenants/mx/Viewer"]],
    ["a tree in capitals", ["/Tenants/mx/viewer"]],
    ["the organisation's id", ["/tenants/tenant-mx/viewer"]],
    ["no slash in front", ["tenants/mx/viewer"]],
    ["another tree in front", ["/old/tenants/mx/viewer"]],
    ["a slash at its end", ["/tenants/mx/viewer/"]],
    ["a line's end", ["/tenants/mx/viewer\n"]],
    ["another line", ["x\n/tenants/mx/viewer"]],
    ["an object's own property", ["/tenants/__proto__/viewer"]],
    ["operators in a text", "/operators"],
    ["operators below something", ["/tenants/operators"]],
    ["what is below operators", ["/operators/x"]],
    ["operators in capitals", ["/Operators"]],
    ["operators in a list in a list", [["/operators"]]],
  ])("with %s for groups opens nothing", async (_case, groups) => {
    expect(await reads(groups)).toEqual(DENIED);
    expect(await reads(groups, "tenant-mx")).toEqual(DENIED);
  });

  it("keeps what is right beside what is not", async () => {
    expect(await reads([7, "/tenants/pe", null, "/tenants/mx/viewer"])).toEqual(MX);
  });

  it("never writes, whatever is named", async () => {
    for (const { path, methods, right } of ROUTES) {
      if (!("signal" in right) || right.verb === "read") continue;
      for (const [groups, requestedTenant] of [
        [["/tenants/mx/admin"], undefined],
        [["/operators"], "tenant-mx"],
        [["/operators"], undefined],
        [[], undefined],
      ] as const)
        expect(
          await decision(
            push({ path, method: methods[0] ?? "", authorization: await person(groups), requestedTenant }),
          ),
        ).toEqual(denied(403, "right_missing"));
    }
  });

  it.each([
    undefined,
    "",
    7,
    "mx-admin",
    `${PERSON}\r\nx-scope-orgid: tenant-pe`,
    PERSON.toUpperCase(),
    `${PERSON}0`,
  ])("without a person's id is invalid: %j", async (sub) => {
    expect(await reads(["/tenants/mx/admin"], undefined, { sub })).toEqual(denied(401, "token_invalid"));
  });

  it.each(["tenant-mx", "", null, 7])("that also claims the tenant %j is refused", async (tenant_id) => {
    expect(await reads(["/tenants/mx/admin"], undefined, { tenant_id })).toEqual(DENIED);
    expect(await reads(["/operators"], "tenant-mx", { tenant_id })).toEqual(DENIED);
  });

  it.each(["grafana", "atalaya-CLI", "atalaya-cli ", "", undefined, ["atalaya-cli"]])(
    "by the client %j is refused",
    async (azp) => {
      expect(await reads(["/tenants/mx/admin"], undefined, { azp })).toEqual(DENIED);
    },
  );
});

describe("an operator", () => {
  it("reads any active tenant that is named, one at a time", async () => {
    expect(await reads(["/operators"], "tenant-mx")).toEqual(MX);
    expect(await reads(["/operators"], "tenant-pe")).toEqual(allowed("tenant-pe", PERSON));
  });

  it.each(["tenant-co", "tenant-zz", "tenant-mx|tenant-pe", "TENANT-MX", "", "mx"])(
    "may not ask for %j",
    async (asked) => {
      expect(await reads(["/operators"], asked)).toEqual(DENIED);
    },
  );

  it("must name it, also as one tenant's own", async () => {
    expect(await reads(["/operators"])).toEqual(REQUIRED);
    expect(await reads(["/operators", "/tenants/mx/admin"])).toEqual(REQUIRED);
  });
});
