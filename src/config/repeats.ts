import { listAt, valueAt, type Path, type Report } from "./report";

/** Lists of plain words in which a word must not stand twice. */
export function checkRepeats(report: Report): void {
  for (const tenant of listAt(report.source.value, ["tenants"]).keys()) {
    const path = ["tenants", tenant];
    checkEnvironments(report, [...path, "environments"]);
    for (const service of listAt(report.source.value, [...path, "services"]).keys())
      checkList(report, [...path, "services", service, "scopes"]);
  }
}

function checkEnvironments(report: Report, path: Path): void {
  const environments = listAt(report.source.value, path);
  if (environments.length === 0 && Array.isArray(valueAt(report.source.value, path)))
    report.add(
      path,
      "names no environment",
      "Remove the line for all environments, or write state: suspended.",
    );
  checkList(report, path);
}

function checkList(report: Report, path: Path): void {
  const seen = new Set<unknown>();
  for (const [index, value] of listAt(report.source.value, path).entries()) {
    if (typeof value === "string" && seen.has(value))
      report.add([...path, index], "is written twice", "Keep one of the two.");
    seen.add(value);
  }
}
