import { expect } from "vitest";
import * as pulumi from "@pulumi/pulumi";
import { evaluate } from "../../../policies/rules";
import { formatProblem, parseTenantList, tenantsOf } from "../../../src/config";
import { compare } from "../../../src/preview/changes/compare";
import type { SectionId, Story } from "../../../src/preview/changes/words/story";
import { tell } from "../../../src/preview/changes/words/tell";
import { configSecretMarker } from "../../../src/preview/markers";
import { makePlan, suspensionWarning, type Plan } from "../../../src/preview/plan";
import { record } from "../../../src/preview/recorder";
import { defineEnvironment } from "../../../src/stack/program";
import { renderStack } from "../../../src/stack/render";
import { environmentOf } from "../../components/environment";

export type Entry = { readonly id: string } & Readonly<Record<string, unknown>>;

export interface Input {
  readonly tenants: readonly Entry[];
  /** Of the tenant list. */
  readonly plans?: Readonly<Record<string, unknown>>;
  /** `atalaya:domain` and the like. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The tag of the auth service's image: changes with the program. */
  readonly tag?: string;
}

export const MX = {
  ...{ id: "mx", name: "México", plan: "large" },
  retention: { logs: { access: "180d" } },
  agents: [{ id: "agent-mx" }, { id: "agent-mx-plant" }],
  services: [{ name: "checkout", scopes: ["orders:read", "payments:*"] }],
  contacts: [{ name: "Mesa", email: "mesa@mx.example.com" }],
};
export const PE = { id: "pe", name: "Perú" };
export const CO = { id: "co", name: "Colombia", plan: "large" };

const LARGE = {
  limits: { logs: { ingest: "8MiB/s", burst: "12MiB" }, edge: { requests: "200/s", burst: 2000 } },
};

/** What the present program plans for an input, every policy asked. */
export async function planOf({
  tenants: entries,
  plans = { large: LARGE },
  settings,
  tag = "0123456789ab",
}: Input) {
  const environment = environmentOf(settings);
  const list = parseTenantList(JSON.stringify({ plans, tenants: entries }), "tenants.yaml");
  const { tenants, warnings } = tenantsOf(list, environment);
  const stack = renderStack(environment, tenants);
  const recording = await record(
    () =>
      defineEnvironment({
        ...stack,
        authImage: { context: ".cache/auth-image", tag },
        secret: (key) => pulumi.secret(configSecretMarker(key)),
      }),
    { project: "atalaya", stack: "dev", config: new Map() },
  );
  const suspended = tenants
    .filter(({ state }) => state === "suspended")
    .map(({ id }) => suspensionWarning(id));
  return makePlan({
    ...{ environment, tenants, recording, files: stack.files, policies: evaluate(recording) },
    warnings: [...warnings.map(formatProblem), ...suspended],
  });
}

/** Said once of all retention that becomes shorter. */
export const FOR_GOOD =
  "A shorter retention deletes within a day of the update and for good: a longer one later brings nothing back. " +
  "Save before the update what is still needed.";

export const storyOf = (before: Plan, after: Plan): Story => tell(compare(before, after), "the plan before");

/** Every sentence of a section, with its details. */
export const section = (story: Story, id: SectionId): readonly string[] =>
  story.sections
    .filter((one) => one.id === id)
    .flatMap(({ items }) =>
      items.flatMap(({ text, details }) => [text, ...details.map((line) => `- ${line}`)]),
    );

export const BASE: readonly Entry[] = [MX, PE, CO];

/** A pull request as they come: a fourth tenant, one suspended, one loses 60 days of retention, one limit halves. */
export const SAMPLE: readonly Entry[] = [
  { ...MX, retention: { logs: { access: "120d" } } },
  { ...PE, state: "suspended" },
  { ...CO, limits: { logs: { ingest: "4MiB/s" } } },
  { id: "cl", name: "Chile" },
];

const plans = new Map<string, Promise<Plan>>();
/** The same plan for the same input. */
export function planned(input: Input | readonly Entry[]): Promise<Plan> {
  const key = JSON.stringify(input);
  const plan = plans.get(key) ?? planOf("tenants" in input ? input : { tenants: input });
  plans.set(key, plan);
  return plan;
}

/** Whole sections. */
type Told = Partial<Record<SectionId, readonly string[]>>;
export type Case = readonly [
  what: string,
  before: Input | readonly Entry[],
  after: Input | readonly Entry[],
  told: Told,
];

export async function check([, before, after, told]: Case): Promise<void> {
  const story = storyOf(await planned(before), await planned(after));
  const ids = Object.keys(told) as SectionId[];
  expect(Object.fromEntries(ids.map((id) => [id, section(story, id)]))).toEqual(told);
}
