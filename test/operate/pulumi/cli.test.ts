import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findCli, isAtLeast, onPath, presentCli, type Cli } from "../../../src/operate/pulumi/cli";
import { tempDir, type TempDir } from "../../servers";

let directory: TempDir;
let said: string[];
beforeEach(() => {
  directory = tempDir();
  said = [];
});
afterEach(() => {
  directory.remove();
});

const at = (...parts: readonly string[]): string => join(directory.path, ...parts);

/** A program of the name that says it is of a version. */
function pulumi(folder: string, version: string): string {
  mkdirSync(at(folder), { recursive: true });
  writeFileSync(at(folder, "pulumi"), `#!/bin/sh\necho '${version}'\n`);
  chmodSync(at(folder, "pulumi"), 0o755);
  return at(folder, "pulumi");
}

/** The npm package, which brings a CLI of a version, or fails. */
function npmPackage(brings: string | undefined): string {
  mkdirSync(at("npm"), { recursive: true });
  writeFileSync(at("npm", "package.json"), JSON.stringify({ version: "3.265.0" }));
  writeFileSync(
    at("npm", "run.js"),
    brings === undefined
      ? `process.exitCode = 1;`
      : `const { mkdirSync, writeFileSync } = require("node:fs");
         const bin = process.env.PULUMI_HOME + "/versions/" + process.env.PULUMI_VERSION + "/bin";
         mkdirSync(bin, { recursive: true });
         writeFileSync(bin + "/pulumi", "#!/bin/sh\\necho v${brings}\\n", { mode: 0o755 });`,
  );
  return at("npm");
}

const find = (path: readonly string[], bringer = npmPackage(undefined)): Promise<Cli> =>
  findCli({
    variables: { PATH: path.map((folder) => at(folder)).join(delimiter), PULUMI_HOME: at("home") },
    say: (line) => said.push(line),
    package: bringer,
  });

const BROUGHT = (): Cli => ({
  program: at("home/versions/3.265.0/bin/pulumi"),
  version: "3.265.0",
  directory: at("home/versions/3.265.0/bin"),
});

describe("the user's own CLI", () => {
  it("is taken where it is new enough", async () => {
    const program = pulumi("bin", "v3.200.0");
    expect(await find(["bin"])).toEqual({ program, version: "3.200.0" });
    expect(said).toEqual([]);
  });

  it("is looked for behind npm's launchers, which are none", () => {
    pulumi("project/node_modules/.bin", "v3.265.0");
    const launcher = pulumi("lib/node_modules/pulumi", "v3.265.0");
    renameSync(launcher, at("lib/node_modules/pulumi/run.js"));
    mkdirSync(at("global"));
    symlinkSync(at("lib/node_modules/pulumi/run.js"), at("global/pulumi"));
    const path = [at("project/node_modules/.bin"), "", at("global"), at("nowhere")].join(delimiter);
    expect(onPath(path)).toBeUndefined();
    const own = pulumi("bin", "v3.300.1");
    expect(onPath([path, at("bin")].join(delimiter))).toBe(own);
  });

  it("is not a directory or a file that nobody may run", () => {
    mkdirSync(at("a", "pulumi"), { recursive: true });
    chmodSync(pulumi("b", "v3.300.0"), 0o644);
    expect(onPath([at("a"), at("b")].join(delimiter))).toBeUndefined();
  });

  it("is passed over when it is too old, or does not say", async () => {
    const old = pulumi("old", "v3.19.5");
    expect(await find(["old"], npmPackage("3.265.0"))).toEqual({
      ...BROUGHT(),
      passedOver: `${old} was passed over: it is 3.19.5, and 3.200.0 is the oldest that will do`,
    });
    const odd = pulumi("odd", "hello");
    expect((await find(["odd"])).passedOver).toBe(`${odd} was passed over: it does not say its version`);
  });
});

describe("the pinned CLI", () => {
  it("is brought once, and that is said before", async () => {
    const bringer = npmPackage("3.265.0");
    expect(await find(["none"], bringer)).toEqual(BROUGHT());
    expect(said).toEqual(["Downloading the Pulumi CLI 3.265.0 (about 100 MB, once) ..."]);
    expect(await find(["none"], npmPackage(undefined))).toEqual(BROUGHT());
    expect(said).toHaveLength(1);
  });

  it("is missed with both remedies, and without half a CLI", async () => {
    await expect(find(["none"])).rejects.toThrow(
      [
        `The Pulumi CLI 3.265.0 is not in ${at("home/versions/3.265.0/bin")}, and could not be brought there. Either:`,
        "  - let this machine reach https://get.pulumi.com (a proxy: HTTPS_PROXY, and NODE_USE_ENV_PROXY=1) and try again",
        "  - or install it yourself, 3.200.0 or newer, so that it is on your PATH: https://www.pulumi.com/docs/install/",
      ].join("\n"),
    );
    expect(existsSync(at("home"))).toBe(false);
  });

  it("is known without being brought", async () => {
    const present = (path: string): Promise<Cli | undefined> =>
      presentCli({
        variables: { PATH: at(path), PULUMI_HOME: at("home") },
        package: npmPackage("3.265.0"),
      });
    expect(await present("none")).toBeUndefined();
    expect(existsSync(at("home"))).toBe(false);
    await find(["none"], npmPackage("3.265.0"));
    expect(await present("none")).toEqual(BROUGHT());
    pulumi("old", "v3.19.5");
    expect(await present("old")).toEqual(BROUGHT());
    const program = pulumi("bin", "v3.300.0");
    expect(await present("bin")).toEqual({ program, version: "3.300.0" });
  });

  it("is the one of package.json", () => {
    const root = join(__dirname, "../../..");
    const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    expect(isAtLeast(dependencies["pulumi"] ?? "", "3.200.0")).toBe(true);
  });
});

it.each([
  ["3.200.0", true],
  ["3.200.1", true],
  ["3.1000.0", true],
  ["4.0.0", true],
  ["3.199.9", false],
  ["2.999.0", false],
])("%s is at least 3.200.0: %s", (version, expected) => {
  expect(isAtLeast(version, "3.200.0")).toBe(expected);
});
