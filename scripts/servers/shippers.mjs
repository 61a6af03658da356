// What telemetry is sent with in the tests of `npx atalaya onboard`: Prometheus, and OpenTelemetry's SDKs as folders that
// programs load them from.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDir, fillFolder, pins } from "./cache.mjs";
import { python, run, says } from "./tools.mjs";

const recipe = (name) => join(dirname(fileURLToPath(import.meta.url)), name);

/** Named after the recipe's content, so that an edited recipe is installed anew. */
const named = (name, file) =>
  `${name}-${pins[name].version}-${createHash("sha256")
    .update(readFileSync(join(recipe(name), file)))
    .digest("hex")
    .slice(0, 12)}`;

/**
 * Unpacks a Debian package into `dir`, without installing it: no daemon is enabled or started, and nobody need be root. Lists
 * that are too old are renewed where this process may.
 */
function unpackDebian(name, dir) {
  const download = () => run("apt-get", ["download", name], { cwd: dir });
  try {
    download();
  } catch {
    says("apt-get", ["update"]);
    download();
  }
  const archive = readdirSync(dir).find((file) => file.endsWith(".deb"));
  if (archive === undefined) throw new Error(`apt-get download ${name}: left no package`);
  run("dpkg-deb", ["--extract", join(dir, archive), dir]);
  rmSync(join(dir, archive));
}

const prometheus = {
  remedy: `Debian's package ${pins.prometheus.package} (${pins.prometheus.version}.x) must be reachable by \`apt-get download\``,
  folder: `prometheus-${pins.prometheus.version}`,
  find() {
    const bin = join(cacheDir(), this.folder, "prometheus");
    const promtool = join(cacheDir(), this.folder, "promtool");
    return existsSync(bin) ? { version: pins.prometheus.version, bin, promtool } : undefined;
  },
  install() {
    fillFolder(this.folder, (dir) => {
      unpackDebian(pins.prometheus.package, dir);
      for (const program of ["prometheus", "promtool"])
        renameSync(join(dir, "usr", "bin", program), join(dir, program));
      for (const rest of ["etc", "lib", "usr", "var"])
        rmSync(join(dir, rest), { recursive: true, force: true });
      const said = run(join(dir, "prometheus"), ["--version"]);
      if (!said.includes(`version ${pins.prometheus.version}.`))
        throw new Error(
          `\`prometheus --version\` says "${said.split("\n")[0]}", not ${pins.prometheus.version}.x`,
        );
    });
  },
};

/** `bin` is node_modules. */
const node = {
  remedy: "the npm registry must be reachable by `npm ci`",
  folder: named("otel-sdk-node", "package-lock.json"),
  find() {
    const bin = join(cacheDir(), this.folder, "node_modules");
    return existsSync(bin) ? { version: pins["otel-sdk-node"].version, bin } : undefined;
  },
  install() {
    fillFolder(this.folder, (dir) => {
      for (const file of ["package.json", "package-lock.json"])
        copyFileSync(join(recipe("otel-sdk-node"), file), join(dir, file));
      run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: dir });
    });
  },
};

/** `bin` is a folder for PYTHONPATH, of the Python that it was brought with: protobuf is compiled for that one. */
const python3 = {
  remedy:
    "PyPI must be reachable by `python3 -m pip` (as root, a missing python3-pip is installed from Debian)",
  folder: named("otel-sdk-python", "requirements.txt"),
  find() {
    const bin = join(cacheDir(), this.folder, "packages");
    return existsSync(bin) ? { version: pins["otel-sdk-python"].version, bin } : undefined;
  },
  install() {
    fillFolder(this.folder, (dir) => {
      const flags = ["--no-deps", "--only-binary=:all:", "--quiet", "--disable-pip-version-check"];
      const wanted = ["--requirement", join(recipe("otel-sdk-python"), "requirements.txt")];
      const environment = { PIP_ROOT_USER_ACTION: "ignore" };
      run(python(), ["-m", "pip", "install", ...flags, "--target", join(dir, "packages"), ...wanted], {
        env: environment,
      });
    });
  },
};

export const shippers = { prometheus, "otel-sdk-node": node, "otel-sdk-python": python3 };
