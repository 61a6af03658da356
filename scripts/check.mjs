#!/usr/bin/env node
// node scripts/check.mjs: types, lint and format. All three run even when one fails; exit 1 when any did.
// node scripts/check.mjs --write: puts every file into its format instead, and checks nothing.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureDependencies, node, root, runNode } from "./dependencies.mjs";

const inModules = (path) => join(root, "node_modules", path);
const prettier = inModules("prettier/bin/prettier.cjs");

const checks = [
  { name: "types", args: [inModules("typescript/bin/tsc"), "--noEmit", "-p", "."] },
  { name: "lint", args: [inModules("eslint/bin/eslint.js"), "--max-warnings=0", "."] },
  { name: "format", args: [prettier, "--check", "--log-level=warn", "."] },
];

ensureDependencies();
process.chdir(root);
if (process.argv.includes("--write")) await runNode([prettier, "--write", "--log-level=warn", "."]);

// One after the other: each fills a core and most of a gigabyte.
const results = checks.map(({ name, args }) => {
  process.stdout.write(`check: ${name} ...\n`);
  const began = performance.now();
  const { status } = spawnSync(node, args, { stdio: "inherit" });
  return { name, passed: status === 0, seconds: (performance.now() - began) / 1000 };
});

for (const { name, passed, seconds } of results) {
  process.stdout.write(
    `check: ${name.padEnd(6)} ${passed ? "passed" : "FAILED"} in ${seconds.toFixed(1)} s\n`,
  );
}
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
