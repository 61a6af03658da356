import { join } from "node:path";
import { evaluate } from "../../policies/rules";
import { formatMarkdown } from "../preview/markdown";
import { makePlan, type Plan } from "../preview/plan";
import { record } from "../preview/recorder";
import { formatText } from "../preview/text";
import { isActive, type Tenant } from "../model/tenant";
import { toJson } from "../render/yaml";
import { checkDirectory, writeDirectory } from "./output";
import { EXIT } from "./errors";
import { type LoadOptions, loadStack, typedPath } from "./load";
import { step } from "./progress";
import { declareStack } from "../stack/program";

export type Format = "text" | "json" | "markdown";

export interface PreviewOptions extends LoadOptions {
  readonly format: Format;
  readonly out?: string;
  readonly whole: boolean;
}

/** Runs the program without an engine, checks the result, prints it and returns the exit code. */
export async function preview(options: PreviewOptions): Promise<number> {
  const stack = loadStack(options);
  const out = options.out === undefined ? undefined : typedPath(options.out);
  if (out !== undefined) checkDirectory(out);
  const { environment, tenants, warnings, config, secretKeys, files } = stack;
  const recording = await step(`Registering ${tenants.length} tenants`, () =>
    record(() => declareStack(stack), {
      project: stack.project,
      stack: environment.name,
      config,
      secretConfigKeys: secretKeys,
    }),
  );
  const policies = await step("Checking the policies", () => evaluate(recording));
  const plan = makePlan({
    ...{ environment, tenants, recording, files, policies },
    warnings: [...warnings, ...tenants.filter((tenant) => !isActive(tenant)).map(suspension)],
  });
  if (out !== undefined) {
    writeDirectory(out, [
      { path: "plan.json", content: toJson(plan) },
      { path: "preview.md", content: formatMarkdown(plan) },
      ...files.map(({ path, content }) => ({ path: join("files", path), content })),
    ]);
  }
  process.stdout.write(`${format(plan, options).trimEnd()}\n`);
  return policies.violations.length === 0 ? EXIT.good : EXIT.violated;
}

const suspension = ({ id }: Tenant): string =>
  `Tenant ${id} is suspended: all its credentials are refused and its agents stand still. Nothing of it is deleted.`;

/** Colours for a person at a terminal that has them; https://no-color.org counts a value that is not empty. */
const hasColor = (): boolean =>
  process.stdout.isTTY && (process.env["NO_COLOR"] ?? "") === "" && process.env["TERM"] !== "dumb";

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
