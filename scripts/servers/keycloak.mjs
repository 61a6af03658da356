// Keycloak: from Maven by Maven's own client, built for our settings, with a Java that can run it.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, realpathSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheDir, fillFolder, pins } from "./cache.mjs";
import { aptInstall, programs, run, says } from "./tools.mjs";

const { version, artifact, java: wanted, javaPackage, build } = pins.keycloak;
const minute = 60_000;

/** Where Debian puts every Java, also those that are not on PATH. */
const DEBIAN = "/usr/lib/jvm";

/** Every Java of this machine: `$JAVA_HOME`'s first, then those on PATH, then Debian's. */
function javas() {
  const home = process.env["JAVA_HOME"];
  const debian = existsSync(DEBIAN)
    ? readdirSync(DEBIAN).map((name) => join(DEBIAN, name, "bin", "java"))
    : [];
  const found = [...(home ? [join(home, "bin", "java")] : []), ...programs("java"), ...debian];
  return [...new Set(found.filter((bin) => existsSync(bin)).map((bin) => realpathSync(bin)))];
}

/** 17 of "openjdk 17.0.15 2025-04-15". A Java that does not know `--version` is 8 or older. */
function release(java) {
  const said = says(java, ["--version"]);
  return said === undefined ? 8 : Number(/^\S+ (\d+)/.exec(said)?.[1] ?? 0);
}

const newEnough = () => javas().find((java) => release(java) >= wanted);

/** A Java that runs this Keycloak; throws what there is instead. */
function ensureJava() {
  const found = newEnough();
  if (found !== undefined) return found;
  const old = javas().map((java) => `Java ${release(java)} (${java})`);
  const missing = `Keycloak ${version} needs Java ${wanted} or newer; here is ${old.length > 0 ? old.join(", ") : "none"}`;
  aptInstall(missing, javaPackage);
  const installed = newEnough();
  if (installed === undefined) throw new Error(`${missing}, although ${javaPackage} is installed`);
  return installed;
}

function ensureMaven(environment) {
  const hasMaven = () => says("mvn", ["--version"], environment) !== undefined;
  if (!hasMaven()) aptInstall("`mvn --version`: no such program here", "maven");
  if (!hasMaven()) throw new Error("`mvn --version`: fails although maven is installed");
}

export const keycloak = {
  slow: "160 MB, then a build of half a minute, once",
  remedy: `Maven Central (or the mirror in Maven's settings.xml) must be reachable by \`mvn\`, with Java ${wanted} or newer on PATH or in JAVA_HOME (as root, both are installed from Debian)`,
  /** Named after what it is built for, so that another choice is built anew. */
  folder: `keycloak-${version}-${createHash("sha256").update(JSON.stringify(build)).digest("hex").slice(0, 12)}`,
  find() {
    const home = join(cacheDir(), this.folder);
    const bin = join(home, "bin", "kc.sh");
    const java = newEnough();
    return existsSync(bin) && java !== undefined ? { version, bin, home, java } : undefined;
  },
  install() {
    const java = ensureJava();
    const environment = { JAVA_HOME: dirname(dirname(java)) };
    if (existsSync(join(cacheDir(), this.folder))) return; // only the Java was missing
    ensureMaven(environment);
    fillFolder(this.folder, (dir) => {
      const flags = [
        "--batch-mode",
        "--quiet",
        `-Dartifact=${artifact}:${version}:zip`,
        "-Dtransitive=false",
      ];
      run("mvn", ["dependency:unpack", ...flags, `-DoutputDirectory=${dir}`], {
        cwd: dir,
        env: environment,
        timeout: 30 * minute,
      });
      const unpacked = join(dir, `keycloak-${version}`);
      // The plugin's notes: it knows no project here and takes its placeholder for a folder.
      const notes = readdirSync(dir).filter((name) => name !== `keycloak-${version}`);
      for (const name of notes) rmSync(join(dir, name), { recursive: true });
      for (const name of readdirSync(unpacked)) renameSync(join(unpacked, name), join(dir, name));
      rmSync(unpacked, { recursive: true });
      run("sh", [join(dir, "bin", "kc.sh"), "build"], {
        env: { ...environment, ...build },
        timeout: 10 * minute,
      });
    });
  },
};
