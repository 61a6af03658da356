import { mixedScripts, nameSkeleton, unseenCharacter } from "./lookalikes";
import type { Entry } from "./entries";
import type { Path, Report } from "./report";

/** Grafana's own limit is 190; nobody reads that many in a menu. */
const MAXIMUM_LENGTH = 80;

/** Organisations that exist without any tenant. */
const TAKEN: readonly string[] = [
  "Main Org.",
  "Operators",
  "Platform",
  "Atalaya",
  "Grafana",
  "Admin",
  "Public",
];

/** Display names: each on its own, then all of them against each other as people read them. */
export function checkDisplayNames(report: Report, entries: readonly Entry[]): void {
  const seen = new Map(
    TAKEN.map((name) => [nameSkeleton(name), `"${name}", which Atalaya keeps for itself`]),
  );
  for (const { path, name } of entries) {
    if (name === undefined || !checkName(report, [...path, "name"], name)) continue;
    const skeleton = nameSkeleton(name);
    const other = seen.get(skeleton);
    if (other !== undefined)
      report.add(
        [...path, "name"],
        `looks the same as ${other}`,
        "Choose a name that people can tell apart.",
      );
    else seen.set(skeleton, `"${name}" of ${describe(report, path)}`);
  }
}

const describe = (report: Report, path: Path): string => {
  const line = report.source.locate(path)?.line;
  return `tenants[${String(path[1])}]${line === undefined ? "" : ` (line ${line})`}`;
};

function checkName(report: Report, path: Path, name: string): boolean {
  const problem = nameProblem(name);
  if (problem !== undefined) report.add(path, ...problem);
  return problem === undefined;
}

function nameProblem(name: string): readonly [message: string, remedy: string] | undefined {
  const unseen = unseenCharacter(name);
  if (unseen !== undefined)
    return [`holds ${unseen}, a character that nobody sees`, "Type the name anew instead of pasting it."];
  if (!/[\p{L}\p{N}]/u.test(name))
    return ["has no letter and no digit", "Write the name people know the tenant by."];
  if (/^\s|\s$|\s\s|[^\S ]/u.test(name))
    return ["has odd spaces", "Use single ordinary spaces, and none at the ends."];
  const length = Array.from(name).length;
  if (length > MAXIMUM_LENGTH)
    return [`has ${length} characters, the limit is ${MAXIMUM_LENGTH}`, "Shorten it."];
  const scripts = mixedScripts(name);
  if (scripts.length > 0)
    return [`mixes letters that look alike (${scripts.join(" and ")})`, "Write it in one script."];
  return undefined;
}
