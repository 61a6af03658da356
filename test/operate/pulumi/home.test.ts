import { fork } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildSync } from "esbuild";
import { hasStack, homePath, prepareHome } from "../../../src/operate/pulumi/home";
import { tempDir, type TempDir } from "../../servers";

let directory: TempDir;
let home: string;
beforeEach(() => {
  directory = tempDir();
  home = join(directory.path, "share", "atalaya");
});
afterEach(() => {
  directory.remove();
});

const passphrase = (): string => readFileSync(join(home, "passphrase"), "utf8");
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const withStack = (name: string): void => {
  mkdirSync(join(home, "state", ".pulumi/stacks/atalaya"), { recursive: true });
  writeFileSync(join(home, "state", ".pulumi/stacks/atalaya", name), "{}");
};

it.each([
  [{}, "/home/ana/.local/share/atalaya"],
  [{ XDG_DATA_HOME: "/data" }, "/data/atalaya"],
  [{ XDG_DATA_HOME: "data" }, "/home/ana/.local/share/atalaya"],
  [{ XDG_DATA_HOME: "/data", ATALAYA_HOME: "/mine" }, "/mine"],
  [{ ATALAYA_HOME: "mine", INIT_CWD: "/typed/here" }, "/typed/here/mine"],
])("our directory of %j is %s", (variables, path) => {
  expect(homePath(variables, "/home/ana")).toBe(path);
});

describe("our directory", () => {
  it("is nobody else's to read, and its passphrase stays", () => {
    prepareHome(home, { passphrase: true });
    const first = passphrase();
    expect(first).toMatch(/^[\w-]{43}$/);
    expect([home, join(home, "state"), join(home, "passphrase")].map(modeOf)).toEqual(["700", "700", "600"]);
    prepareHome(home, { passphrase: true });
    expect(passphrase()).toBe(first);
    expect(readdirSync(home).sort()).toEqual(["passphrase", "state"]);
  });

  it("has no passphrase where none is needed", () => {
    prepareHome(home, { passphrase: false });
    expect(readdirSync(home)).toEqual(["state"]);
  });

  it("knows the stacks that were made in it", () => {
    withStack("dev.json");
    withStack("prod.json.gz");
    expect(["dev", "prod", "other"].map((stack) => hasStack(home, stack))).toEqual([true, true, false]);
  });

  it("agrees on one passphrase with whoever makes it at the same moment", async () => {
    const file = join(directory.path, "prepare.cjs");
    buildSync({
      stdin: {
        contents: `import { prepareHome } from "./src/operate/pulumi/home";
          import { readFileSync } from "node:fs";
          process.once("message", (home) => {
            prepareHome(home, { passphrase: true });
            process.send(readFileSync(home + "/passphrase", "utf8"), () => process.exit(0));
          });
          process.send("ready");`,
        resolveDir: join(__dirname, "../../.."),
        loader: "ts",
      },
      ...{ bundle: true, platform: "node", format: "cjs", outfile: file },
    });
    const children = Array.from({ length: 6 }, () => fork(file, { execArgv: [] }));
    const said = (child: (typeof children)[number]): Promise<unknown> =>
      new Promise((resolve) => child.once("message", resolve));
    await Promise.all(children.map(said));
    const all = Promise.all(children.map(said));
    for (const child of children) child.send(home);
    expect(new Set(await all)).toEqual(new Set([passphrase()]));
    expect(readdirSync(home).sort()).toEqual(["passphrase", "state"]);
  });
});

describe("our directory is refused", () => {
  const problem = (): string => {
    try {
      prepareHome(home, { passphrase: true });
      return "none";
    } catch (error) {
      return String(error);
    }
  };

  it("where it cannot be made", () => {
    writeFileSync(join(directory.path, "share"), "a file");
    expect(problem()).toBe(
      `OperateError: ${home} cannot be used for the state on this machine: ENOTDIR. Make it yours to read and write, or name another directory: ATALAYA_HOME`,
    );
  });

  it("where it cannot be read", () => {
    mkdirSync(join(home, "passphrase"), { recursive: true });
    expect(problem()).toMatch(
      /^OperateError: .*\/atalaya cannot be used for the state on this machine: EISDIR\. /,
    );
  });

  it("with an empty passphrase", () => {
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, "passphrase"), "\n");
    expect(problem()).toBe(
      `OperateError: The passphrase in ${home}/passphrase is empty. Put it back from a backup; without any stack in ${home}, remove the file.`,
    );
  });

  it("when its passphrase is gone and its stacks are not: another one would open none of them", () => {
    withStack("dev.json");
    withStack("dev.json.bak");
    expect(problem()).toBe(
      `OperateError: There is no ${home}/passphrase, and the secrets of dev in ${home}/state were encrypted with it. Put it back from a backup, or set PULUMI_CONFIG_PASSPHRASE.`,
    );
    expect(existsSync(join(home, "passphrase"))).toBe(false);
  });
});

it.runIf(process.getuid?.() !== 0)("is refused where it is not ours to write", () => {
  mkdirSync(home, { recursive: true });
  chmodSync(home, 0o500);
  expect(() => {
    prepareHome(home, { passphrase: true });
  }).toThrow(/cannot be used for the state on this machine: EACCES/);
});
