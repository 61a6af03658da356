import type { Limits, Plan, Retention, Sampling } from "../model/limits";
import type { z } from "zod";
import { DEFAULT_PLAN } from "../model/plans";
import { limitsSchema, retentionSchema, samplingSchema } from "./limits-schema";
import { didYouMean } from "./schema-problems";
import { mapAt, valueAt, type Path, type Report } from "./report";

/** What a plan or a tenant says itself. */
export interface Overrides {
  readonly limits?: { readonly [K in keyof Limits]?: object | undefined } | undefined;
  readonly retention?:
    { readonly metrics?: unknown; readonly logs?: object | undefined; readonly traces?: unknown } | undefined;
  readonly sampling?: object | undefined;
}

export type Settings = Pick<Plan, "limits" | "retention" | "sampling">;

/** Later values win, field by field; undefined is "not said". */
const over = <T extends object>(base: T, changes: object | undefined): T => ({
  ...base,
  ...Object.fromEntries(Object.entries(changes ?? {}).filter(([, value]) => value !== undefined)),
});

function limitsOver(base: Limits, changes: Overrides["limits"]): Limits {
  return {
    edge: over(base.edge, changes?.edge),
    metrics: over(base.metrics, changes?.metrics),
    logs: over(base.logs, changes?.logs),
    traces: over(base.traces, changes?.traces),
  };
}

const retentionOver = (base: Retention, changes: Overrides["retention"]): Retention => ({
  ...over(base, changes),
  logs: over(base.logs, changes?.logs),
});

/** A base with what somebody changed of it. */
export const settingsOver = (base: Settings, { limits, retention, sampling }: Overrides): Settings => ({
  limits: limitsOver(base.limits, limits),
  retention: retentionOver(base.retention, retention),
  sampling: over<Sampling>(base.sampling, sampling),
});

/** The parts of a plan or a tenant that are in order, signal by signal. */
export function soundOverrides(raw: unknown): Overrides {
  const sound = (field: string, { shape }: z.ZodObject): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(shape as Readonly<Record<string, z.ZodType>>).map(
        ([name, part]) => [name, part.safeParse(valueAt(raw, [field, name])).data] as const,
      ),
    );
  return {
    limits: sound("limits", limitsSchema),
    retention: sound("retention", retentionSchema),
    sampling: sound("sampling", samplingSchema),
  };
}

/** More levels than anybody can follow. */
const MAXIMUM_DEPTH = 10;

/**
 * Every plan of the list with all values filled in, and `default`. A plan starts from the one it extends, else from
 * `default`; a plan called `default` changes the built-in one. Faulty plans keep what is in order of them.
 */
export function resolvePlans(report: Report): ReadonlyMap<string, Plan> {
  const raw = new Map(Object.entries(mapAt(report.source.value, ["plans"])));
  const names = [...new Set([DEFAULT_PLAN.name, ...raw.keys()])];
  const done = new Map<string, Plan>();
  const resolve = (name: string, way: readonly string[]): Plan => {
    const known = done.get(name);
    if (known !== undefined) return known;
    const base = baseOf(name, raw.get(name));
    const path = ["plans", name, "extends"];
    let settings: Settings = DEFAULT_PLAN;
    if (base !== undefined && [...way, name].includes(base)) reportCycle(report, path, [...way, name], base);
    else if (base !== undefined && !names.includes(base)) reportUnknownPlan(report, path, names);
    else if (way.length >= MAXIMUM_DEPTH)
      report.add(
        path,
        `is the end of more than ${MAXIMUM_DEPTH} plans that extend each other`,
        "Shorten the chain.",
      );
    else if (base !== undefined) settings = resolve(base, [...way, name]);
    const plan = { name, ...settingsOver(settings, soundOverrides(raw.get(name))) };
    done.set(name, plan);
    return plan;
  };
  for (const name of names) resolve(name, []);
  return done;
}

/** Undefined for `default`, unless it extends something. */
function baseOf(name: string, plan: unknown): string | undefined {
  const base = valueAt(plan, ["extends"]);
  if (typeof base === "string") return base;
  return name === DEFAULT_PLAN.name ? undefined : DEFAULT_PLAN.name;
}

function reportCycle(report: Report, path: Path, way: readonly string[], base: string): void {
  const circle = [...way.slice(way.indexOf(base)), base].join(" -> ");
  // Without an `extends` of its own the circle runs through `default`, which is every plan's base.
  const why = base === DEFAULT_PLAN.name ? " (every plan starts from default)" : "";
  report.add(path, `closes a circle: ${circle}${why}`, "Let one of them extend nothing, or another plan.");
}

/** `names`: all plans of the file, also faulty ones, so that those are not reported as missing. */
export function reportUnknownPlan(report: Report, path: Path, names: readonly string[]): void {
  const value = valueAt(report.source.value, path);
  const remedy = didYouMean(typeof value === "string" ? value : "", names);
  report.add(path, "is not a plan of this list", `${remedy} Plans are declared under plans.`);
}
