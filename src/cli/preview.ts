import { join } from "node:path";
import { evaluate, RULES } from "../../policies/rules";
import { loadSettings, SETTINGS_FILE, type Settings } from "../../policies/rules/settings";
import { evidenceOf } from "../preview/isolation/evidence";
import { formatMarkdown } from "../preview/markdown";
import { formatPage } from "../preview/page/page";
import type { PageComparison } from "../preview/page/types";
import { makePlan, suspensionWarning, type Plan } from "../preview/plan";
import { record as recordProgram } from "../preview/recorder";
import { formatText } from "../preview/text";
import type { Recording } from "../model/recording";
import { isActive } from "../model/tenant";
import { toJson } from "../render/yaml";
import { checkDirectory, writeDirectory } from "./output";
import { findBaseline } from "./baseline";
import {
  compareWith,
  formatComparison,
  storyOf,
  type Comparison,
  type ComparisonOptions,
} from "./comparison";
import { EXIT } from "./errors";
import { type LoadedStack, type LoadOptions, loadStack, projectRoot, typedPath } from "./load";
import { step } from "./progress";
import { hasColor } from "./terminal";
import { declareStack } from "../stack/program";

export type Format = "text" | "json" | "markdown" | "html";

export interface PreviewOptions extends LoadOptions {
  readonly format: Format;
  readonly out?: string;
  /** A git ref or the file of a saved plan: says what changes. */
  readonly against?: string;
  readonly whole: boolean;
}

/** Runs the program without an engine, checks the result, prints it and returns the exit code. */
export async function preview(options: PreviewOptions): Promise<number> {
  // What the user wrote is judged before what it is compared with.
  const stack = loadStack(options);
  const settings = loadSettings(join(projectRoot(), SETTINGS_FILE));
  const out = options.out === undefined ? undefined : typedPath(options.out);
  if (out !== undefined) checkDirectory(out);
  let before: LoadedStack["files"] | undefined;
  const baseline =
    options.against === undefined
      ? undefined
      : await findBaseline(options.against, {
          ...{ stack: options.stack, root: projectRoot() },
          planOf: async (root) => {
            const old = loadStack({ stack: options.stack, root });
            before = old.files;
            return (await record(old, settings, "the baseline")).plan;
          },
        });
  if (baseline?.kind === "new") before = [];
  const { plan, recording } = await record(stack, settings);
  const comparison = baseline === undefined ? undefined : compareWith(baseline, plan);
  const page =
    options.format === "html" || out !== undefined
      ? await step("Drawing the page", () =>
          formatPage({
            ...{ plan, files: stack.files, evidence: evidenceOf(recording) },
            ...(comparison !== undefined && { comparison: forPage(comparison, before) }),
          }),
        )
      : "";
  if (out !== undefined) {
    writeDirectory(out, [
      { path: "plan.json", content: toJson(plan) },
      { path: "preview.md", content: formatMarkdown(plan) },
      { path: "preview.html", content: page },
      ...(comparison === undefined
        ? []
        : [
            { path: "changes.json", content: formatComparison(comparison, { ...options, format: "json" }) },
            { path: "changes.md", content: formatComparison(comparison, { ...options, format: "markdown" }) },
          ]),
      ...stack.files.map(({ path, content }) => ({ path: join("files", path), content })),
    ]);
  }
  process.stdout.write(`${printed(plan, comparison, page, options).trimEnd()}\n`);
  return plan.policies.violations.length === 0 ? EXIT.good : EXIT.violated;
}

function printed(
  plan: Plan,
  comparison: Comparison | undefined,
  page: string,
  { format: wanted, whole }: PreviewOptions,
): string {
  if (wanted === "html") return page;
  const options = { format: wanted, whole };
  return comparison === undefined ? format(plan, options) : formatComparison(comparison, options);
}

const forPage = (comparison: Comparison, before: LoadedStack["files"] | undefined): PageComparison => ({
  ...{ story: storyOf(comparison), changes: comparison.changes, label: comparison.baseline.label },
  ...(before !== undefined && { before }),
});

export interface Recorded {
  readonly plan: Plan;
  readonly recording: Recording;
}

/** What an update would be about, before anybody is asked for it. Throws what {@link loadStack} throws. */
export const recorded = (options: LoadOptions): Promise<Recorded> =>
  record(loadStack(options), loadSettings(join(projectRoot(), SETTINGS_FILE)));

async function record(stack: LoadedStack, settings: Settings, of = ""): Promise<Recorded> {
  const { environment, tenants, warnings, config, secretKeys, files } = stack;
  const what = of === "" ? "" : ` of ${of}`;
  const recording = await step(`Registering ${tenants.length} tenants${what}`, () =>
    recordProgram(() => declareStack(stack), {
      project: stack.project,
      stack: environment.name,
      config,
      secretConfigKeys: secretKeys,
    }),
  );
  const policies = await step(`Checking the policies${what}`, () => evaluate(recording, RULES, settings));
  const plan = makePlan({
    ...{ environment, tenants, recording, files, policies },
    warnings: [
      ...warnings,
      ...tenants.filter((tenant) => !isActive(tenant)).map(({ id }) => suspensionWarning(id)),
    ],
  });
  return { plan, recording };
}

function format(plan: Plan, { format, whole }: ComparisonOptions): string {
  switch (format) {
    case "text":
      return formatText(plan, {
        color: hasColor(),
        whole,
      });
    case "json":
      return toJson(plan);
    case "markdown":
      return formatMarkdown(plan);
    default:
      return format satisfies never;
  }
}
