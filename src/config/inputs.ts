import { isAbsolute, join } from "node:path";
import type { Environment } from "../model/environment";
import { parseStack } from "./environment";
import { together, type Problem } from "./problems";
import { tenantsOf, type Selection } from "./selection";
import { loadStackConfig, type StackConfig } from "./stack-files";
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
  const path = options.tenants ?? (listed === "" ? "tenants.yaml" : listed);
  const [settings, list] = together<[ReturnType<typeof parseStack>, TenantList]>(
    () => parseStack(stack, config, file, { secretKeys, locate }),
    () => loadTenantList(isAbsolute(path) ? path : join(root, path)),
  );
  const { environment } = settings;
  const { tenants, warnings } = tenantsOf(list, environment, { secretKeys });
  return { environment, list, tenants, stackConfig, warnings: [...settings.warnings, ...warnings] };
}
