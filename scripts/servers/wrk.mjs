#!/usr/bin/env node
// node scripts/servers/wrk.mjs: prints where wrk is, the load generator of `npm run bench:auth`, and installs it from Debian
// when it is not there. Apart from the servers, because no test needs it. Exit 1: it cannot be had.
import { spawnSync } from "node:child_process";
import { pins } from "./cache.mjs";
import { aptInstall, programs } from "./tools.mjs";

const { version, package: name } = pins.wrk;

/** It has no way to ask for its version alone: it says it, then misses its URL and exits with 1. */
const says = (bin) => spawnSync(bin, ["--version"], { encoding: "utf8", timeout: 10_000 }).stdout ?? "";

/** Debian's says `wrk debian/4.1.0-3`, others `wrk 4.1.0`. */
const isPinned = (bin) => /^wrk (?:debian\/)?(\S+)/.exec(says(bin))?.[1].startsWith(`${version}.`) === true;
const find = () => programs("wrk").find(isPinned);

function main() {
  let bin = find();
  if (bin === undefined) {
    aptInstall(`wrk ${version}.x: not on PATH`, name);
    bin = find();
  }
  if (bin === undefined) throw new Error(`wrk ${version}.x is not on PATH, although ${name} is installed`);
  process.stdout.write(`${bin}\n`);
}

try {
  main();
} catch (error) {
  process.stderr.write(
    `${error.message}\nremedy: install Debian's package ${name} (${version}.x), or run this as root\n`,
  );
  process.exitCode = 1;
}
