import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { compare } from "../../../src/preview/changes/compare";
import type { ResourceChange } from "../../../src/preview/changes/types";
import type { Plan, PlannedResource } from "../../../src/preview/plan";
import { readPlan } from "../../../src/preview/plan-file";
import { toJson } from "../../../src/render/yaml";
import { BASE, CO, MX, PE, planned, section, storyOf } from "./plans";

let plan: Plan;
let plans: readonly Plan[];
beforeAll(async () => {
  plan = await planned(BASE);
  plans = [
    plan,
    ...(await Promise.all([
      planned([MX]),
      planned([PE, { ...CO, state: "suspended" }]),
      planned([{ ...MX, retention: {}, agents: [{ id: "agent-mx" }] }, PE]),
    ])),
  ];
}, 60_000);

describe("a plan", () => {
  it("is no change to itself", () => {
    fc.assert(
      fc.property(fc.constantFrom(...plans), (one) => {
        const changes = compare(one, one);
        expect(changes).toMatchObject({ empty: true, tenants: [], resources: [], files: [], outputs: [] });
      }),
    );
  });

  it("comes back the way it went", () => {
    const names = (kind: string, { tenants }: ReturnType<typeof compare>): readonly string[] =>
      tenants.filter(({ changes }) => changes.some((change) => change.kind === kind)).map(({ id }) => id);
    const urns = (action: string, { resources }: ReturnType<typeof compare>): readonly string[] =>
      resources.filter((change) => change.action === action).map(({ urn }) => urn);
    fc.assert(
      fc.property(fc.constantFrom(...plans), fc.constantFrom(...plans), (a, b) => {
        const [there, back] = [compare(a, b), compare(b, a)];
        expect(names("added", there)).toEqual(names("removed", back));
        expect(names("suspended", there)).toEqual(names("resumed", back));
        expect(urns("create", there)).toEqual(urns("delete", back));
        expect(there.tenants.map(({ id }) => id)).toEqual(back.tenants.map(({ id }) => id));
        expect(there.empty).toBe(a === b);
      }),
    );
  });

  it("compares the same once it was saved and read", () => {
    const read = (one: Plan): Plan => readPlan(toJson(one)) as Plan;
    for (const one of plans) {
      expect(compare(read(one), one).empty).toBe(true);
      expect(toJson(compare(read(plan), read(one)))).toBe(toJson(compare(plan, one)));
    }
  });

  it("shows no secret, whatever changes", () => {
    for (const one of plans)
      expect(toJson(compare(plan, one)) + toJson(storyOf(one, plan))).not.toMatch(
        /preview:(secret|random)|BEGIN [A-Z ]*PRIVATE KEY/,
      );
  });
});

type Edit = (resource: PlannedResource) => PlannedResource | undefined;
/** The plan with one of its resources changed, or without it. */
const edited = (name: string, edit: Edit): Plan => ({
  ...plan,
  resources: plan.resources.flatMap((one) => {
    const now = one.name === name ? edit(one) : one;
    return now === undefined ? [] : [now];
  }),
});
const withInputs =
  (inputs: object): Edit =>
  (one) => ({ ...one, inputs: { ...one.inputs, ...inputs } });
const gone: Edit = () => undefined;

const changeOf = (after: Plan, name: string): ResourceChange | undefined =>
  compare(plan, after).resources.find((change) => change.name === name);

describe("of a resource", () => {
  const cases: readonly (readonly [string, Edit, Partial<ResourceChange>])[] = [
    ["mimir-data", withInputs({ driver: "nfs" }), { action: "replace", role: "data", impact: "data", because: ["driver"] }],
    ["mimir-data", gone, { action: "delete", role: "data", impact: "data", protected: true }],
    ["mimir-config", gone, { action: "delete", role: "file-volume", impact: "none" }],
    ["mimir-files", withInputs({ uploads: [] }), { action: "replace", role: "writer", impact: "writer" }],
    ["mimir-container", withInputs({ image: "other" }), { action: "replace", role: "process", impact: "shared-process" }],
    ["mimir-container", withInputs({ memory: 1, tmpfs: {} }), { action: "update", impact: "none", because: ["memory", "tmpfs"] }],
    ["mimir-ready", withInputs({ image: "other" }), { action: "replace", role: "helper", impact: "none" }],
    ["agent-mx-container", withInputs({ image: "other" }), { impact: "tenant-process", tenant: "mx", process: "agent-mx" }],
    ["agent-mx-data", gone, { role: "data", impact: "data", tenant: "mx", process: "agent-mx" }],
    ["postgres-password", withInputs({ length: 50 }), { action: "replace", role: "data-password", impact: "data" }],
    ["mx-key-own", withInputs({ length: 50 }), { action: "replace", role: "credential", impact: "none", tenant: "mx" }],
    ["realm", withInputs({ realm: "other" }), { action: "replace", role: "realm", impact: "data" }],
    ["realm", withInputs({ loginTheme: "other" }), { action: "update", impact: "none" }],
    ["mx-organisation", gone, { role: "organisation", impact: "data", tenant: "mx" }],
    ["docker-data", withInputs({ internal: false }), { action: "replace", role: "network", impact: "none" }],
    ["agent-mx-client", withInputs({ enabled: false }), { action: "update", role: "credential" }],
    ["agent-mx-client", withInputs({ realmId: "x" }), { action: "replace" }],
    ["agent-mx-tenant", withInputs({ clientId: "x" }), { action: "replace" }],
  ]; // prettier-ignore
  it.each(cases)("%s it is known what happens (case %#)", (name, edit, expected) => {
    expect(changeOf(edited(name, edit), name)).toMatchObject(expected);
  });

  it("what is made of a new value is made anew: the store's files, not the store's container", () => {
    const after = edited("postgres-password", withInputs({ length: 50 }));
    expect(
      compare(plan, after).resources.map(({ action, name, because }) => [action, name, because]),
    ).toEqual([
      ["replace", "postgres-secrets", ["uploads"]],
      ["replace", "postgres-password", ["length"]],
      ["replace", "keycloak-secrets", ["uploads"]],
    ]);
  });

  const risks: readonly (readonly [string, Edit, string])[] = [
    ["loki-data", gone, "The volume loki-data of loki is deleted: the data in it is lost."],
    ["loki-data", withInputs({ driver: "nfs" }), "The volume loki-data of loki is replaced (its driver is different): the data in it is lost."],
    ["postgres-password", gone, "The password postgres-password of postgres is deleted: the data that it opens cannot be opened any more."],
    ["realm", withInputs({ realm: "other" }), "The realm realm is replaced (its realm is different): everybody's accounts in it are lost."],
    ["mx-organisation", gone, "México (mx): the Grafana organisation mx-organisation is deleted: the dashboards in it are lost."],
  ]; // prettier-ignore
  it.each(risks)("%s it is said what is lost (case %#)", (name, edit, risk) => {
    const story = storyOf(plan, edited(name, edit));
    expect(section(story, "risks")).toEqual([risk]);
  });

  it("that is protected it is said that the engine refuses, and how it is meant to be done", () => {
    const [refusal] = section(storyOf(plan, edited("loki-data", gone)), "refusals");
    expect(refusal).toMatch(
      /^loki-data is protected and would be deleted\..* pulumi state unprotect 'urn:pulumi:dev::/,
    );
  });
});

describe("policies", () => {
  const violation = (policy: string) => ({
    policy,
    urn: "urn:x",
    message: `${policy} is wrong.`,
    remedy: "Mend it.",
  });
  const judged = (passed: readonly string[], ...violated: readonly string[]): Plan => ({
    ...plan,
    policies: { passed, violations: violated.map(violation) },
  });

  it("newly violated, mended, as before, and those that are new themselves", () => {
    const story = storyOf(judged(["a", "old"], "b", "c"), judged(["b", "new"], "a", "c"));
    expect(story.summary.map(({ text }) => text)).toContain("2 policy violations, 1 of them new.");
    expect(section(story, "violations")).toEqual([
      ...["new: a: a is wrong.", "- resource: urn:x", "- remedy: Mend it."],
      ...["as before: c: c is wrong.", "- resource: urn:x", "- remedy: Mend it."],
    ]);
    expect(section(story, "policies")).toEqual([
      "Mended: b: b is wrong.",
      "Checked now and not before: new.",
      "Not checked any more: old.",
    ]);
  });

  it("violations stay in sight where nothing changes", () => {
    const story = storyOf(judged([], "a"), judged([], "a"));
    expect(story.summary.map(({ text }) => text)).toEqual([
      "Nothing changes.",
      "1 policy violation, none of them new.",
    ]);
    expect(section(story, "violations")[0]).toBe("as before: a: a is wrong.");
  });
});

describe("warnings", () => {
  const warned = (...warnings: readonly string[]): Plan => ({ ...plan, warnings });

  it("are the same on another line, and said once with other numbers", () => {
    const before = warned(
      "tenants.yaml:3:1: sum 10/s is over 5/s (largest: a 9/s)",
      "tenants.yaml:4:1: other",
    );
    const after = warned(
      "tenants.yaml:9:1: sum 20/s is over 5/s (largest: b 19/s)",
      "tenants.yaml:7:1: other",
    );
    expect(compare(before, after).warnings).toEqual({
      raised: ["tenants.yaml:9:1: sum 20/s is over 5/s (largest: b 19/s)"],
      gone: [],
    });
    expect(compare(before, warned()).warnings.gone).toEqual([
      "sum 10/s is over 5/s (largest: a 9/s)",
      "other",
    ]);
  });
});
