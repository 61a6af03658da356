import { describe, expect, it } from "vitest";
import { DEFAULT_PLAN } from "../../src/model/plans";
import { duration } from "../../src/model/units";
import { formatMarkdown } from "../../src/preview/markdown";
import { PLAN_VERSION, plannedEnvironment, type Plan, type PlannedTenant } from "../../src/preview/plan";
import { formatText } from "../../src/preview/text";
import { environmentOf } from "../components/environment";

const tenant = (id: string, more: Partial<PlannedTenant> = {}): PlannedTenant => ({
  ...{ id, orgId: `tenant-${id}`, name: id, state: "active", plan: "default" },
  limits: DEFAULT_PLAN.limits,
  retention: { ...DEFAULT_PLAN.retention, metrics: duration("90d") },
  sampling: DEFAULT_PLAN.sampling,
  ...{ agents: [{ id: `agent-${id}`, state: "active" }], services: [], contacts: [] },
  ...more,
});

const plan = (more: Partial<Plan>): Plan => ({
  version: PLAN_VERSION,
  environment: plannedEnvironment(environmentOf()),
  tenants: [tenant("mx")],
  resources: [],
  files: [],
  outputs: {},
  policies: { passed: ["one-rule"], violations: [] },
  warnings: [],
  ...more,
});

describe("Markdown", () => {
  it("fits into a comment, however much is wrong", () => {
    const long = "x".repeat(40);
    const many = Array.from({ length: 1_000 }, (_, index) => index);
    const text = formatMarkdown(
      plan({
        tenants: many.map((index) => tenant(`${long}-${index}`)),
        warnings: many.map((index) => `${long.repeat(10)} ${index}`),
        policies: {
          passed: [],
          violations: many.map((index) => ({
            ...{
              policy: "one-rule",
              tenant: `${long}-${index}`,
              urn: `urn:${long.repeat(5)}`,
              message: long.repeat(9),
            },
            remedy: long,
          })),
        },
      }),
    );
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(60_000);
    expect(text).toContain("**1000 policy violations.**");
    expect(text).toMatch(/\.\.\. and \d+ more/);
  });

  it("lets no name become markup or call anybody", () => {
    const text = formatMarkdown(
      plan({
        warnings: [
          "<img src=x> | @everyone `code` [link](x)\nnext",
          "&#64;team é@me #12 ~~gone~~ mesa@mx.example.com C#",
        ],
      }),
    );
    expect(text).toContain("- \\<img src=x\\> \\| @&#8203;everyone \\`code\\` \\[link\\](x) next");
    expect(text).toContain(
      "- \\&#&#8203;64;team é@&#8203;me #&#8203;12 \\~\\~gone\\~\\~ mesa@mx.example.com C#",
    );
  });
});

describe("text", () => {
  const violation = {
    ...{ policy: "one-rule", tenant: "mx", urn: "urn:resource", message: "It is wrong.", remedy: "Mend it." },
  };

  it("names policy, tenant, resource and remedy of a violation", () => {
    const text = formatText(plan({ policies: { passed: [], violations: [violation] } }), {
      color: false,
      whole: false,
    });
    expect(text).toContain(
      "one-rule, tenant mx: It is wrong.\n    resource: urn:resource\n    remedy:   Mend it.",
    );
  });

  it("counts the tenants that it does not show", () => {
    const tenants = Array.from({ length: 30 }, (_, index) => tenant(`t${index}`));
    expect(formatText(plan({ tenants }), { color: false, whole: false })).toContain(
      "... and 5 more tenants (--whole shows them)",
    );
    expect(formatText(plan({ tenants }), { color: false, whole: true })).not.toContain("more tenants");
  });

  it("is plain without colours", () => {
    expect(formatText(plan({}), { color: false, whole: false })).not.toContain("\u001b");
    expect(formatText(plan({}), { color: true, whole: false })).toContain("\u001b");
  });
});
