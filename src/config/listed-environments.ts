import { ENVIRONMENT_NAME } from "../model/names";
import { listAt, valueAt, type Path, type Report } from "./report";
import { didYouMean } from "./schema-problems";

/** Environments of tenants: some, and such that exist. A tenant of nothing but misspelt ones would be dropped in silence. */
export function checkEnvironments(report: Report, known: readonly string[] | undefined): void {
  for (const tenant of listAt(report.source.value, ["tenants"]).keys()) {
    const path = ["tenants", tenant, "environments"];
    const environments = listAt(report.source.value, path);
    if (environments.length === 0 && Array.isArray(valueAt(report.source.value, path)))
      report.add(
        path,
        "names no environment",
        "Remove the line for all environments, or write state: suspended.",
      );
    if (known !== undefined)
      for (const [index, name] of environments.entries())
        // What has not even the form of a name is the schema's to report.
        if (typeof name === "string" && ENVIRONMENT_NAME.test(name) && !known.includes(name))
          reportUnknown(report, [...path, index], name, known);
  }
}

function reportUnknown(report: Report, path: Path, name: string, known: readonly string[]): void {
  const remedy = `${didYouMean(name, known)} An environment is a stack: a new one begins with its file Pulumi.${name}.yaml.`;
  report.add(path, "is not an environment of this project", remedy);
}
