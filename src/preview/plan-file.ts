import { z } from "zod";
import { visible } from "./page/html";
import { PLAN_VERSION, type Plan } from "./plan";

/** Why a text is not a plan that can be compared: a predicate, and what to do. */
export interface PlanProblem {
  readonly problem: string;
  readonly remedy: string;
}

const texts = z.array(z.string());
const numbers = z.record(z.string(), z.number());
const state = z.enum(["active", "suspended"]);
const violation = z.object({ policy: z.string(), urn: z.string(), message: z.string(), remedy: z.string() });

/** What a comparison reads. Whoever edits a plan by hand is told which field is wrong. */
const planSchema = z.object({
  version: z.literal(PLAN_VERSION),
  environment: z.looseObject({
    name: z.string(),
    publishAddress: z.string(),
    ports: numbers,
    capacity: numbers,
    maximumRetention: numbers,
    sizes: z.record(z.string(), numbers),
    identityProviders: z.array(z.looseObject({ alias: z.string() })),
    // Plans that were saved before there were any.
    upstreams: z.array(z.looseObject({ name: z.string() })).default([]),
  }),
  tenants: z.array(
    z.looseObject({
      ...{ id: z.string(), name: z.string(), plan: z.string(), state },
      limits: z.object({ edge: numbers, metrics: numbers, logs: numbers, traces: numbers }),
      retention: z.object({ metrics: z.number(), logs: numbers, traces: z.number() }),
      sampling: numbers,
      agents: z.array(z.object({ id: z.string(), state })),
      services: z.array(z.object({ clientId: z.string(), scopes: texts })),
      contacts: z.array(z.object({ name: z.string(), kind: z.string(), to: z.string() })),
    }),
  ),
  resources: z.array(
    z.looseObject({
      ...{ urn: z.string(), type: z.string(), name: z.string(), protect: z.boolean() },
      dependsOn: texts,
      inputs: z.record(z.string(), z.unknown()),
    }),
  ),
  files: z.array(
    z.looseObject({
      path: z.string(),
      process: z.string(),
      sha256: z.string(),
      kind: z.enum(["static", "live"]),
    }),
  ),
  outputs: z.record(z.string(), z.unknown()),
  policies: z.object({ passed: texts, violations: z.array(violation) }),
  warnings: texts,
});

const FOREIGN: PlanProblem = {
  problem: "is no plan of Atalaya",
  remedy: "Save one with: npm run --silent preview -- --format json > plan.json, or name a git ref.",
};

/** A plan that was saved with `--format json` or `--out`. */
export function readPlan(text: string): Plan | PlanProblem {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // It quotes the file, whatever is in it.
    return { ...FOREIGN, problem: `is no JSON: ${visible((error as Error).message)}` };
  }
  if (value === null || typeof value !== "object" || !("resources" in value) || !("version" in value))
    return FOREIGN;
  const { version } = value;
  if (version !== PLAN_VERSION)
    return {
      problem: `is a plan of version ${JSON.stringify(version)}, and this program compares version ${PLAN_VERSION}`,
      remedy: "Make it again with this program, or compare with the git ref it was made of.",
    };
  const parsed = planSchema.safeParse(value);
  if (parsed.success) return value as Plan;
  const [issue] = parsed.error.issues;
  return { ...FOREIGN, problem: `is a damaged plan: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}` };
}

/** Nothing at all: what a stack that is new is compared with. */
export const emptyPlan = (plan: Plan): Plan => ({
  ...plan,
  ...{ tenants: [], resources: [], files: [], outputs: {}, warnings: [] },
  policies: {
    passed: [...plan.policies.passed, ...plan.policies.violations.map(({ policy }) => policy)],
    violations: [],
  },
});
