import { dirname, resolve } from "node:path";
import { formatProblem, loadInputs } from "../config";
import { type RenderedStack, renderStack } from "../stack/render";
import { UsageError } from "./errors";

export interface LoadOptions {
  readonly stack: string;
  /** Another tenant list than the stack's own; relative to where the command was typed. */
  readonly tenants?: string;
  /** The project's directory, if not this one. */
  readonly root?: string;
}

/** A stack as a command sees it: what there would be, and the configuration that the program itself reads. */
export interface LoadedStack extends RenderedStack {
  readonly project: string;
  readonly config: ReadonlyMap<string, string>;
  readonly secretKeys: readonly string[];
  readonly warnings: readonly string[];
}

/** npm runs scripts in the project's root and keeps where they were typed; `npx atalaya` runs where it was typed. */
export const typedPath = (path: string): string => resolve(process.env["INIT_CWD"] ?? process.cwd(), path);

/** The directory of the project that is worked on. */
export const projectRoot = (): string => process.env["ATALAYA_ROOT"] ?? dirname(dirname(__dirname));

/** Reads and renders a stack without the Pulumi CLI. Throws ConfigError with everything that is wrong, or UsageError. */
export function loadStack({ stack, tenants, root = projectRoot() }: LoadOptions): LoadedStack {
  const inputs = loadInputs(
    root,
    stack,
    tenants === undefined ? {} : { tenants: tenants === "" ? "" : typedPath(tenants) },
  );
  const { environment, stackConfig } = inputs;
  if (environment.host === "kubernetes") {
    throw new UsageError(
      `Stack ${stack} wants atalaya:host kubernetes, and Atalaya builds Docker environments only so far. Choose a stack with atalaya:host docker, such as --stack dev.`,
    );
  }
  return {
    ...renderStack(environment, inputs.tenants),
    project: stackConfig.project,
    config: stackConfig.config,
    secretKeys: stackConfig.secretKeys,
    warnings: inputs.warnings.map(formatProblem),
  };
}
