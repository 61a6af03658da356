#!/usr/bin/env node
// node scripts/test.mjs [--full] [vitest arguments...]: what `npm test` runs, also on a fresh clone; with --full also the
// tests that wait for real clocks, for minutes. Its last line is always "N passed, N failed"; exit 0 only when at least one
// test ran and nothing failed.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureDependencies, node, root } from "./dependencies.mjs";

/**
 * Counts vitest's JSON report. A file that cannot be loaded has no test that could fail, and an error between tests
 * belongs to none: each counts as one failure, because a run that is not clean must not say "0 failed".
 */
function totals(report, status) {
  const passed = report?.numPassedTests ?? 0;
  const broken = (report?.testResults ?? []).filter(
    (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
  );
  for (const file of broken) process.stdout.write(`${file.name}: failed outside of its tests\n`);
  let failed = (report?.numFailedTests ?? 0) + broken.length;
  if (failed === 0 && status !== 0) {
    process.stdout.write(`vitest failed outside of any test (exit ${status}): counted as one failure\n`);
    failed = 1;
  }
  return { passed, failed };
}

/** Which of vitest's projects (vitest.config.mts), unless the arguments say it themselves. */
function selected(args) {
  const rest = args.filter((arg) => arg !== "--full");
  if (rest.length < args.length || rest.some((arg) => arg.startsWith("--project"))) return rest;
  return ["--project=units", "--project=lab", "--project=engine", ...rest];
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined; // vitest ended before it wrote one; its exit code says so
  }
}

ensureDependencies();
// Its failure does not end the run: the tests that need a missing server fail, the others are still worth running.
const which = process.argv.includes("--full") ? [] : ["--short"];
spawnSync(node, [join(root, "scripts", "servers.mjs"), ...which], { stdio: "inherit" });

const dir = mkdtempSync(join(tmpdir(), "atalaya-test-"));
const reportFile = join(dir, "report.json");
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
const { status } = spawnSync(node, [vitest, "run", ...reporters, ...selected(process.argv.slice(2))], {
  cwd: root,
  stdio: "inherit",
});
const { passed, failed } = totals(readReport(reportFile), status);
rmSync(dir, { recursive: true, force: true });
if (passed + failed === 0) process.stdout.write("no test ran: that is a failure, too\n");
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
