import { listAt, type Path, type Report } from "./report";

/** Lists of plain words in which a word must not stand twice. */
export function checkRepeats(report: Report): void {
  for (const tenant of listAt(report.source.value, ["tenants"]).keys()) {
    const path = ["tenants", tenant];
    checkList(report, [...path, "environments"]);
    for (const service of listAt(report.source.value, [...path, "services"]).keys())
      checkList(report, [...path, "services", service, "scopes"]);
  }
}

function checkList(report: Report, path: Path): void {
  const seen = new Set<unknown>();
  for (const [index, value] of listAt(report.source.value, path).entries()) {
    if (typeof value === "string" && seen.has(value))
      report.add([...path, index], "is written twice", "Keep one of the two.");
    seen.add(value);
  }
}
