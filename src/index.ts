import * as pulumi from "@pulumi/pulumi";
import { join } from "node:path";
import { formatProblem, loadProjectList, parseStack, PROJECT, tenantsOf } from "./config";
import { declareStack } from "./stack/program";
import { refuseRemovals } from "./stack/removals";
import { renderStack } from "./stack/render";

const ROOT = join(__dirname, "..");

/**
 * Pulumi's entry: the stack's configuration and the tenant list in, resources and outputs out. What is wrong with either is
 * a ConfigError, which Pulumi prints without a stack trace.
 */
const main = async (): Promise<Record<string, unknown>> => {
  const stack = pulumi.getStack();
  const all = pulumi.runtime.allConfig();
  const secretKeys = secretConfigKeys();
  const settings = parseStack(stack, new Map(Object.entries(all)), `Pulumi.${stack}.yaml`, { secretKeys });
  const list = loadProjectList(ROOT, stack, settings.tenants);
  const { tenants, warnings } = tenantsOf(list, settings.environment, { secretKeys });
  for (const warning of [...settings.warnings, ...warnings]) await pulumi.log.warn(formatProblem(warning));
  await refuseRemovals(tenants);
  return declareStack(renderStack(settings.environment, tenants));
};

/** Names of the stack's encrypted values, without the project's namespace, as the engine tells its programs. */
function secretConfigKeys(): readonly string[] {
  const keys: unknown = JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] ?? "[]");
  if (!Array.isArray(keys)) return [];
  return keys
    .filter((key) => typeof key === "string")
    .map((key) => (key.startsWith(`${PROJECT}:`) ? key.slice(PROJECT.length + 1) : key));
}

export = main;
