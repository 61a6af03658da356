import { describe, expect, it } from "vitest";
import { staticFilesNameNoTenant } from "../../policies/rules/static-files-name-no-tenant";
import type { ResourceRecord } from "../../src/model/recording";
import { container, files, messages, nothingOf, tenant } from "./builder";

const TENANTS = ["mx", "in", "orders"].map(tenant);
const DIRECTORY = files("auth", {
  "/var/lib/atalaya/auth/live/tenants.json": {
    tenants: [{ id: "mx", agents: ["agent-mx", "plant-of-mx"], services: [{ clientId: "service-mx-shop" }] }],
  },
});
const found = (...resources: readonly ResourceRecord[]) =>
  messages(staticFilesNameNoTenant, [...TENANTS, DIRECTORY, ...resources]);
const yaml = (content: unknown) => files("mimir", { "/etc/atalaya/mimir/mimir.yaml": content });
const named = (name: string, of = "mx") => [
  `mimir.files: /etc/atalaya/mimir/mimir.yaml names "${name}" of tenant ${of}.`,
];

describe("static-files-name-no-tenant", () => {
  it("passes live files that name tenants, and static ones that do not", () => {
    expect(
      found(files("mimir", { "/var/lib/atalaya/mimir/live/overrides.yaml": { "tenant-mx": {} } })),
    ).toEqual([]);
    expect(found(yaml({ multitenancy_enabled: true }))).toEqual([]);
  });

  it("passes words that are also somebody's id", () => {
    expect(
      found(
        yaml(
          "# taken in all cases, also of orders\nin: { orders: 5, path: /in/mx-files }\nzone: orders\nlist: [in, x]\none: [mx]\n",
        ),
        container("mimir", {
          command: ["run", "-in=5", "orders"],
          envs: ["ORDERS=orders", "LANGUAGE=in"],
          labels: [{ label: "atalaya.zone", value: "orders" }],
        }),
      ),
    ).toEqual([]);
  });

  it.each([
    ["tenant-mx", { limits: { tenant: "tenant-mx" } }],
    ["tenant-mx", { "tenant-mx": 5 }],
    ["tenant-mx", "# for tenant-mx only\n{}\n"],
    ["tenant-mx", { a: "X-Scope-OrgID=Tenant-MX;" }],
    ["agent-mx", { clients: ["agent-mx"] }],
    ["plant-of-mx", { clients: ["plant-of-mx"] }],
    ["service-mx-shop", { clients: { "service-mx-shop": 1 } }],
    ["mx", { tenants: ["mx"] }],
    ["mx", { tenants: { mx: { limit: 5 } } }],
    ["mx", "tenants: &a [x, mx]\nagain: *a\n"],
    ["mx", { first_tenant: "mx" }],
    ["mx", { group: "/tenants/mx/admin" }],
  ])("refuses %s in %j", (name, content) => {
    expect(found(yaml(content))).toEqual(named(name));
  });

  it("refuses a list, and a map, of nothing but tenants", () => {
    const both = [...named("mx"), ...named("orders", "orders")];
    expect(found(yaml({ limits: ["mx", "orders"] }))).toEqual(both);
    expect(found(yaml({ limits: { mx: 1, orders: 2 } }))).toEqual(both);
  });

  it("refuses files of other kinds that say it", () => {
    const conf = (line: string) =>
      found(files("redis", { "/etc/atalaya/redis/redis.conf": `port 6379\n${line}\n` }));
    for (const line of ["tenants=mx,pe", "tenant = mx", 'tenant: "mx"']) expect(conf(line)).toHaveLength(1);
    for (const line of ["tenants 5", "multi-tenant true", "# tenants: in a file", "the tenant in question"])
      expect(conf(line)).toEqual([]);
  });

  it("does not take one id for another that contains it", () => {
    expect(found(yaml({ a: "tenant-mxx", b: "tenant-mx-2", c: "xtenant-mx" }))).toEqual([]);
  });

  it("refuses variables, commands and labels, which restart a process as well", () => {
    expect(
      found(
        container("mimir", {
          envs: ["FIRST_TENANT=mx"],
          command: ["--only=tenant-mx"],
          labels: [{ label: "tenant", value: "mx" }],
        }),
      ),
    ).toEqual([
      'mimir: the command names "tenant-mx" of tenant mx.',
      'mimir: the label tenant names "mx" of tenant mx.',
      'mimir: the variable FIRST_TENANT names "mx" of tenant mx.',
    ]);
  });

  it("lets a tenant's own agent name its tenant", () => {
    const [mx] = TENANTS;
    if (mx === undefined) throw new Error("no tenant");
    const agent = files("agent-mx", { "/etc/atalaya/agent-mx/config.alloy": 'x = "mx"' }, { parent: mx });
    expect(found(agent)).toEqual([]);
  });

  it("does not pass an environment without shared containers", () => {
    expect(messages(staticFilesNameNoTenant, TENANTS)).toEqual([nothingOf("shared container")]);
  });
});
