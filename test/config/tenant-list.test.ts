import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadTenantList, parseTenantList } from "../../src/config";
import { DEFAULT_PLAN } from "../../src/model/plans";
import { bytesOf, problemsOf } from "./helpers";

describe("what a tenant gets", () => {
  const list = parseTenantList(
    `
plans:
  default: { sampling: { keep: 50% } }
  gold: { limits: { metrics: { samples: 20000/s } }, retention: { logs: { access: 200d, audit: 1y } } }
  platinum: { extends: gold, limits: { metrics: { activeSeries: 1000000 } } }
tenants:
  - { id: no, name: Norge }
  - id: mx
    name: México
    plan: platinum
    state: suspended
    environments: [prod]
    retention: { logs: { access: 300d } }
    agents: [{ id: agent-mx }, { id: plant, state: suspended }, { id: line, state: active }]
    services: [{ name: shop, scopes: ["orders:read"] }]
    contacts: [{ name: a, email: a@b.co }, { name: b, slack: mx-slack }, { name: c, webhook: mx-hook }]
retired: [pe]
`,
    "tenants.yaml",
  );
  const [no, mx] = list.tenants;

  it("is the default plan, one agent and nothing else when it says nothing", () => {
    expect(no).toEqual({
      id: "no",
      orgId: "tenant-no",
      name: "Norge",
      plan: "default",
      state: "active",
      limits: DEFAULT_PLAN.limits,
      retention: DEFAULT_PLAN.retention,
      sampling: { ...DEFAULT_PLAN.sampling, keep: 0.5 },
      agents: [{ id: "agent-no" }],
      services: [],
      contacts: [],
      index: 0,
    });
  });

  it("is its plan's, the extended plan's and the default's values, field by field", () => {
    expect(mx?.limits).toEqual({
      ...DEFAULT_PLAN.limits,
      metrics: { ...DEFAULT_PLAN.limits.metrics, samples: 20_000, activeSeries: 1_000_000 },
    });
    expect(mx?.retention.logs).toEqual({
      ...DEFAULT_PLAN.retention.logs,
      access: 300 * 86_400,
      audit: 365 * 86_400,
    });
    expect(mx?.sampling.keep).toBe(0.5);
  });

  it("is its own agents, services, contacts, state and environments", () => {
    expect(mx).toMatchObject({
      plan: "platinum",
      state: "suspended",
      environments: ["prod"],
      agents: [{ id: "agent-mx" }, { id: "plant", state: "suspended" }, { id: "line", state: "active" }],
      services: [{ name: "shop", clientId: "service-mx-shop", scopes: ["orders:read"] }],
      contacts: [
        { kind: "email", name: "a", address: "a@b.co" },
        { kind: "slack", name: "b", secret: "mx-slack" },
        { kind: "webhook", name: "c", secret: "mx-hook" },
      ],
    });
  });

  it("comes with the plans and the retired ids", () => {
    expect(list.plans.map(({ name }) => name).sort()).toEqual(["default", "gold", "platinum"]);
    expect(list.retired).toEqual(["pe"]);
  });
});

describe("files that cannot be read", () => {
  let directory = "";
  const path = (name: string): string => join(directory, name);
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "atalaya-config-"));
    writeFileSync(path("latin1.yaml"), bytesOf("tenants:\n  - { id: pe, name: Per\u00fa }\n", "latin1"));
    writeFileSync(path("cut.yaml"), Buffer.from([0x74, 0xc3]));
    writeFileSync(path("bom.yaml"), "\uFEFFtenants: []\n");
    writeFileSync(path("large.yaml"), "#".repeat(5 * 1024 ** 2 + 1));
    writeFileSync(path("locked.yaml"), "tenants: []\n");
    chmodSync(path("locked.yaml"), 0o000);
    symlinkSync("circle.yaml", path("circle.yaml"));
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  it.each([
    ["missing.yaml", ": does not exist. Create it, or correct the path that leads here."],
    ["", ": is a directory. Name the file inside it."],
    ["bom.yaml/x", ": does not exist. Create it, or correct the path that leads here."],
    ["circle.yaml", ": is a symbolic link that leads back to itself. Put a real file in its place."],
    [
      "latin1.yaml",
      ":2:1: the file is not UTF-8. Save it as UTF-8 without a byte order mark: iconv -f <its encoding> -t utf-8.",
    ],
    [
      "cut.yaml",
      ":1:1: the file is not UTF-8. Save it as UTF-8 without a byte order mark: iconv -f <its encoding> -t utf-8.",
    ],
    [
      "bom.yaml",
      ":1:1: the file begins with a byte order mark. Save it as UTF-8 without a BOM: sed -i '1s/^\\xEF\\xBB\\xBF//'.",
    ],
    ["large.yaml", ": the file is larger than 5 MiB. Move what tenants have in common into plans."],
  ])("%s", (name, text) => {
    const file = name === "" ? directory : path(name);
    expect(problemsOf(() => loadTenantList(file))).toEqual([file + text]);
  });

  it("a file without read permission", () => {
    const file = path("locked.yaml");
    const user = process.geteuid?.() ?? 0;
    // Root may read everything, so for a moment we are nobody.
    if (user === 0) process.seteuid?.(65_534);
    try {
      expect(problemsOf(() => loadTenantList(file))).toEqual([
        `${file}: may not be read by this user. Give read permission: chmod a+r.`,
      ]);
    } finally {
      process.seteuid?.(user);
    }
  });
});
