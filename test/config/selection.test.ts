import { describe, expect, it } from "vitest";
import {
  formatProblem,
  parseEnvironment,
  parseTenantList,
  tenantsOf,
  type SelectionOptions,
} from "../../src/config";
import type { Environment } from "../../src/model/environment";
import { duration } from "../../src/model/units";
import { problemsOf, STACK } from "./helpers";

const dev = parseEnvironment("dev", STACK, "Pulumi.dev.yaml");
const prod: Environment = { ...dev, name: "prod", overCapacity: "error" };
const select = (text: string, environment: Environment, options?: SelectionOptions) =>
  tenantsOf(parseTenantList(text, "tenants.yaml"), environment, options);
const warningsOf = (text: string, environment: Environment, options?: SelectionOptions): string[] =>
  select(text, environment, options).warnings.map(formatProblem);

describe("the tenants of an environment", () => {
  const list = `tenants:
  - { id: pe, name: Perú, environments: [prod] }
  - { id: mx, name: México, environments: [dev, prod] }
  - { id: co, name: Colombia, state: suspended }
  - { id: cl, name: Chile, environments: [test] }
`;
  it("are those that name it or name none, sorted by id, suspended ones too", () => {
    expect(select(list, dev).tenants.map(({ id }) => id)).toEqual(["co", "mx"]);
    const roomy = { ...prod, overCapacity: "warn" } as const;
    expect(select(list, roomy).tenants.map(({ id }) => id)).toEqual(["co", "mx", "pe"]);
  });

  it("carry nothing of the list itself", () => {
    expect(Object.keys(select(list, dev).tenants[1] ?? {}).sort()).toEqual([
      "agents", "contacts", "id", "limits", "name", "orgId", "plan", "retention", "sampling", "services", "state",
    ]); // prettier-ignore
  });

  it("are warned about when there are none", () => {
    expect(warningsOf("tenants: []\n", dev)).toEqual([
      "tenants.yaml:1:1: tenants has nobody for environment dev. Look at their environments.",
    ]);
  });
});

describe("retention", () => {
  const short: Environment = {
    ...dev,
    maximumRetention: { metrics: duration("90d"), logs: duration("60d"), traces: duration("7d") },
  };
  it("over the environment's maximum is refused, own values and the plan's", () => {
    const list = `plans:
  long: { retention: { metrics: 1y } }
tenants:
  - { id: mx, name: México, plan: long, retention: { traces: 7d, logs: { application: 900d, access: 60d } } }
  - { id: pe, name: Perú, retention: { traces: 8d, logs: { access: 1d } } }
`;
    expect(problemsOf(() => select(list, short))).toEqual([
      'tenants.yaml:4:35: tenants[0] "mx": retention.metrics exceeds this environment\'s maximum 90d (365d from plan long). Shorten it or raise atalaya:maximumRetention in Pulumi.dev.yaml.',
      'tenants.yaml:4:87: tenants[0] "mx": retention.logs.application "900d" exceeds this environment\'s maximum 60d. Shorten it or raise atalaya:maximumRetention in Pulumi.dev.yaml.',
      'tenants.yaml:5:48: tenants[1] "pe": retention.traces "8d" exceeds this environment\'s maximum 7d. Shorten it or raise atalaya:maximumRetention in Pulumi.dev.yaml.',
    ]);
  });

  it("does not matter for tenants of other environments", () => {
    const list = "tenants:\n  - { id: mx, name: A, environments: [prod], retention: { metrics: 900d } }\n";
    expect(problemsOf(() => select(list, short))).toEqual([]);
  });
});

describe("capacity", () => {
  const list = `tenants:
  - { id: mx, name: México, limits: { metrics: { samples: 40000/s }, logs: { ingest: 6MiB/s } } }
  - { id: pe, name: Perú }
  - { id: co, name: Colombia, state: suspended }
`;
  const expected = [
    "tenants.yaml:1:1: tenants together have limits.logs.ingest of 14MiB/s, 140% of this environment's capacity 10MiB/s (largest: mx 6MiB/s, co 4MiB/s, pe 4MiB/s). Lower limits, or raise atalaya:capacity.logs in Pulumi.dev.yaml together with what carries it.",
    "tenants.yaml:1:1: tenants together have limits.metrics.samples of 60000/s, 120% of this environment's capacity 50000/s (largest: mx 40000/s, co 10000/s, pe 10000/s). Lower limits, or raise atalaya:capacity.samples in Pulumi.dev.yaml together with what carries it.",
  ];
  it("that is exceeded is a warning where the environment says so", () => {
    expect(warningsOf(list, dev).sort()).toEqual(expected);
  });
  it("and an error elsewhere", () => {
    expect(problemsOf(() => select(list, prod)).sort()).toEqual(
      expected.map((line) => line.replace("Pulumi.dev.yaml", "Pulumi.prod.yaml")),
    );
  });
  it("that is just reached is neither", () => {
    const reached = "tenants:\n  - { id: mx, name: A, limits: { metrics: { samples: 50000/s } } }\n";
    expect(warningsOf(reached, dev)).toEqual([]);
  });
});

describe("contacts whose secret the stack does not have", () => {
  const list = `tenants:
  - id: mx
    name: México
    contacts:
      - { name: mail, email: a@b.co }
      - { name: chat, slack: mx-slack }
      - { name: hook, webhook: mx-hook }
`;
  const names = (options?: SelectionOptions): string[] =>
    (select(list, dev, options).tenants[0]?.contacts ?? []).map(({ name }) => name);
  it("are left out with a warning", () => {
    expect(names({ secretKeys: ["mx-hook"] })).toEqual(["mail", "hook"]);
    expect(warningsOf(list, dev, { secretKeys: ["mx-hook"] })).toEqual([
      'tenants.yaml:6:9: tenants[0] "mx": contacts[1] is left out here: the config secret mx-slack is not set. Set it with "pulumi config set --secret mx-slack --stack dev".',
    ]);
  });
  it("are kept when nobody says which secrets there are", () => {
    expect(names()).toEqual(["mail", "chat", "hook"]);
  });
});
