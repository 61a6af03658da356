import { resolve } from "node:path";
import type { Environment } from "../model/environment";
import { parseStack } from "./environment";
import { ConfigError, together, type Problem } from "./problems";
import { tenantsOf, type Selection } from "./selection";
import { projectPath, shownPath } from "./source";
import { loadStackConfig, stacksOf, type StackConfig } from "./stack-files";
import { loadTenantList, type TenantList } from "./tenants";

export interface Inputs {
  readonly environment: Environment;
  readonly list: TenantList;
  /** The environment's tenants, sorted by id. */
  readonly tenants: Selection["tenants"];
  readonly stackConfig: StackConfig;
  readonly warnings: readonly Problem[];
}

export interface InputOptions {
  /** Another tenant list than the stack's own; absolute, or relative to the root. */
  readonly tenants?: string;
}

/**
 * Everything a preview without the CLI starts from: `Pulumi.yaml`, `Pulumi.<stack>.yaml` and the tenant list of the
 * project in `root`. Throws one {@link ConfigError} with the problems of all three files.
 */
export function loadInputs(root: string, stack: string, options: InputOptions = {}): Inputs {
  const stackConfig = loadStackConfig(root, stack);
  const { config, file, secretKeys, locate } = stackConfig;
  const listed = config.get("atalaya:tenants") ?? "";
  const path = listed === "" ? "tenants.yaml" : listed;
  const { tenants: other } = options;
  const [settings, list] = together<[ReturnType<typeof parseStack>, TenantList]>(
    () => parseStack(stack, config, file, { secretKeys, locate }),
    () => (other === undefined ? loadProjectList(root, stack, path) : loadOtherList(root, stack, other)),
  );
  const { environment } = settings;
  const { tenants, warnings } = tenantsOf(list, environment, { secretKeys });
  return { environment, list, tenants, stackConfig, warnings: [...settings.warnings, ...warnings] };
}

/** The project's own tenant list, at a path from its root. Throws {@link ConfigError}. */
export function loadProjectList(root: string, stack: string, path: string): TenantList {
  const whole = resolve(root, path);
  return loadTenantList(whole, {
    file: projectPath(root, whole),
    environments: environmentsOf(root, stack),
  });
}

function loadOtherList(root: string, stack: string, path: string): TenantList {
  if (path.trim() === "")
    throw new ConfigError([
      {
        file: "--tenants",
        path: "",
        message: "names no file",
        remedy: "Name one, or leave it out for the stack's own list.",
      },
    ]);
  return loadTenantList(resolve(root, path), {
    file: shownPath(path),
    environments: environmentsOf(root, stack),
  });
}

/** The stack that runs is one, wherever its configuration is kept. */
const environmentsOf = (root: string, stack: string): readonly string[] => [
  ...new Set([...stacksOf(root), stack]),
];
