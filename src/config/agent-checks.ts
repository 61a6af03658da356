import type { Retention } from "../model/limits";
import { SMALLEST_AGENT_DISK } from "../model/sizes";
import { formatSize, parseSize } from "../model/units";
import { overlap } from "./overlap";
import { listAt, valueAt, type Path, type Report } from "./report";
import { didYouMean } from "./schema-problems";

/** What an agent reads of the machine it runs on. */
const OF_THE_MACHINE = ["hostMetrics", "fileLogs"] as const;

/** A tenant's agents: what only those elsewhere may read, the classes of what they read, room on their disks. */
export function checkAgents(report: Report, tenant: Path, { logs }: Retention): void {
  for (const [index, agent] of listAt(report.source.value, [...tenant, "agents"]).entries()) {
    const path = [...tenant, "agents", index];
    for (const field of OF_THE_MACHINE) if (asksFor(agent, field)) checkPlace(report, path, agent, field);
    checkFiles(report, [...path, "fileLogs"], Object.keys(logs));
    checkDisk(report, path, agent);
  }
}

function asksFor(agent: unknown, field: (typeof OF_THE_MACHINE)[number]): boolean {
  const value = valueAt(agent, [field]);
  return value === true || (Array.isArray(value) && value.length > 0);
}

function checkPlace(report: Report, path: Path, agent: unknown, field: string): void {
  if (valueAt(agent, ["runs"]) === "elsewhere") return;
  report.add(
    [...path, field],
    "is for an agent that runs elsewhere: on the shared host, no tenant's agent sees the machine",
    `Add "runs: elsewhere", or remove ${field}.`,
    { at: "key" },
  );
}

function checkFiles(report: Report, path: Path, classes: readonly string[]): void {
  const seen: string[] = [];
  for (const [index, file] of listAt(report.source.value, path).entries()) {
    const name = valueAt(file, ["path"]);
    if (typeof name === "string") {
      checkFile(report, [...path, index, "path"], name, seen);
      seen.push(name);
    }
    const kind = valueAt(file, ["class"]);
    if (typeof kind === "string" && !classes.includes(kind))
      report.add(
        [...path, index, "class"],
        "is not a class of this tenant's retention.logs",
        didYouMean(kind, classes),
      );
  }
}

/** Who is handed its configuration in a container sees the directory that holds the files, and must not see the whole machine. */
const IN_A_DIRECTORY = /^\/[^/*]+\/./;

function checkFile(report: Report, path: Path, name: string, others: readonly string[]): void {
  const twin = others.find((other) => overlap(other, name));
  if (twin === name) report.add(path, "is read already", "Keep one of the two: it would be sent twice.");
  else if (twin !== undefined)
    report.add(path, `may be a file of ${twin} too`, "Let no file fit both: it would be sent twice.");
  if (name.startsWith("/") && !IN_A_DIRECTORY.test(name))
    report.add(
      path,
      "is in no directory of its own: the agent would have to see the whole machine",
      "Begin it with a directory's name, such as /var/log/app/*.log.",
    );
}

function checkDisk(report: Report, path: Path, agent: unknown): void {
  const disk = valueAt(agent, ["disk"]);
  const bytes = typeof disk === "string" ? parseSize(disk) : undefined;
  if (bytes === undefined || bytes === 0 || bytes >= SMALLEST_AGENT_DISK) return;
  report.add(
    [...path, "disk"],
    "is too little for three queues",
    `Write at least "${formatSize(SMALLEST_AGENT_DISK)}".`,
  );
}
