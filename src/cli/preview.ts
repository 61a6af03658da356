import { join } from "node:path";
import { evaluate } from "../../policies/rules";
import { formatMarkdown } from "../preview/markdown";
import { makePlan, suspensionWarning, type Plan } from "../preview/plan";
import { record as recordProgram } from "../preview/recorder";
import { formatText } from "../preview/text";
import { isActive } from "../model/tenant";
import { toJson } from "../render/yaml";
import { checkDirectory, writeDirectory } from "./output";
import { findBaseline } from "./baseline";
import { compareWith, formatComparison } from "./comparison";
import { EXIT } from "./errors";
import { type LoadedStack, type LoadOptions, loadStack, projectRoot, typedPath } from "./load";
import { step } from "./progress";
import { hasColor } from "./terminal";
import { declareStack } from "../stack/program";

export type Format = "text" | "json" | "markdown";

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
  const out = options.out === undefined ? undefined : typedPath(options.out);
  if (out !== undefined) checkDirectory(out);
  const baseline =
    options.against === undefined
      ? undefined
      : await findBaseline(options.against, {
          ...{ stack: options.stack, root: projectRoot() },
          planOf: (root) => record(loadStack({ stack: options.stack, root }), "the baseline"),
        });
  const plan = await record(stack);
  const comparison = baseline === undefined ? undefined : compareWith(baseline, plan);
  if (out !== undefined) {
    writeDirectory(out, [
      { path: "plan.json", content: toJson(plan) },
      { path: "preview.md", content: formatMarkdown(plan) },
      ...(comparison === undefined
        ? []
        : [
            { path: "changes.json", content: formatComparison(comparison, { ...options, format: "json" }) },
            { path: "changes.md", content: formatComparison(comparison, { ...options, format: "markdown" }) },
          ]),
      ...stack.files.map(({ path, content }) => ({ path: join("files", path), content })),
    ]);
  }
  const text = comparison === undefined ? format(plan, options) : formatComparison(comparison, options);
  process.stdout.write(`${text.trimEnd()}\n`);
  return plan.policies.violations.length === 0 ? EXIT.good : EXIT.violated;
}

async function record(stack: LoadedStack, of = ""): Promise<Plan> {
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
  const policies = await step(`Checking the policies${what}`, () => evaluate(recording));
  return makePlan({
    ...{ environment, tenants, recording, files, policies },
    warnings: [
      ...warnings,
      ...tenants.filter((tenant) => !isActive(tenant)).map(({ id }) => suspensionWarning(id)),
    ],
  });
}

function format(plan: Plan, { format, whole }: PreviewOptions): string {
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
