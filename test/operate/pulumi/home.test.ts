import { fork, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
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
  vi.restoreAllMocks();
  directory.remove();
});

const passphrase = (): string => readFileSync(join(home, "passphrase"), "utf8");
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const withStack = (name: string, project = "atalaya"): void => {
  mkdirSync(join(home, "state", ".pulumi/stacks", project), { recursive: true });
  writeFileSync(join(home, "state", ".pulumi/stacks", project, name), "{}");
};
const isWindows = process.platform === "win32";

/** A program of its own that prepares a directory. */
function built(program: string): string {
  const file = join(directory.path, "prepare.cjs");
  buildSync({
    stdin: {
      contents: `import { prepareHome } from "./src/operate/pulumi/home";
        import { readFileSync } from "node:fs";
        ${program}`,
      resolveDir: join(__dirname, "../../.."),
      loader: "ts",
    },
    ...{ bundle: true, platform: "node", format: "cjs", outfile: file },
  });
  return file;
}

it.each([
  [{}, "/home/ana/.local/share/atalaya"],
  [{ XDG_DATA_HOME: "/data" }, "/data/atalaya"],
  [{ XDG_DATA_HOME: "data" }, "/home/ana/.local/share/atalaya"],
  [{ XDG_DATA_HOME: "/data", ATALAYA_HOME: "/mine" }, "/mine"],
  [{ ATALAYA_HOME: "/mine/../ours/" }, "/ours"],
])("our directory of %j is %s", (variables, path) => {
  expect(homePath(variables, "/home/ana")).toBe(path);
});

it("our directory is named as it is from everywhere", () => {
  expect(() => homePath({ ATALAYA_HOME: "mine", INIT_CWD: "/typed/here" })).toThrow(
    /^ATALAYA_HOME=mine names another directory wherever it is read\. Make it absolute: ATALAYA_HOME=\/typed\/here\/mine$/,
  );
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

  it.skipIf(isWindows)("is closed where it was open, as is what it has of ours", () => {
    prepareHome(home, { passphrase: true });
    mkdirSync(join(home, "certificates"));
    chmodSync(home, 0o777);
    chmodSync(join(home, "state"), 0o755);
    chmodSync(join(home, "passphrase"), 0o644);
    prepareHome(home, { passphrase: true });
    expect([home, join(home, "state"), join(home, "passphrase")].map(modeOf)).toEqual(["700", "700", "600"]);
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
    const file = built(`process.once("message", (home) => {
        prepareHome(home, { passphrase: true });
        process.send(readFileSync(home + "/passphrase", "utf8"), () => process.exit(0));
      });
      process.send("ready");`);
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

  it("where its passphrase is a link to nothing", () => {
    mkdirSync(home, { recursive: true });
    symlinkSync("/nowhere/passphrase", join(home, "passphrase"));
    expect(problem()).toBe(
      `OperateError: ${home}/passphrase is a link to /nowhere/passphrase, which is not there. Bring that file back, or set PULUMI_CONFIG_PASSPHRASE; without any stack in ${home}, remove the link.`,
    );
  });

  it.skipIf(isWindows)("where others may write beside it", () => {
    mkdirSync(join(home, "state"), { recursive: true });
    writeFileSync(join(home, "letter"), "");
    chmodSync(home, 0o777);
    const refused = (mode: string): string =>
      `OperateError: ${home} is not for our things alone, and others may write there (mode ${mode}). Name a directory of its own: ATALAYA_HOME`;
    expect(problem()).toBe(refused("777"));
    chmodSync(home, 0o755);
    expect(problem()).toBe("none");
    expect([home, join(home, "state")].map(modeOf)).toEqual(["755", "700"]);
  });

  it.skipIf(isWindows)("where everybody puts things, though it is empty", () => {
    mkdirSync(home, { recursive: true });
    chmodSync(home, 0o1777);
    expect(problem()).toContain("others may write there (mode 1777)");
    expect(readdirSync(home)).toEqual([]);
  });

  it.skipIf(isWindows)("where it is another user's", () => {
    prepareHome(home, { passphrase: true });
    const { uid } = statSync(home);
    vi.spyOn(process as { getuid: () => number }, "getuid").mockReturnValue(uid + 1);
    expect(problem()).toBe(
      `OperateError: ${home} belongs to another user (${uid}; you are ${uid + 1}). Work as that user, or name a directory of your own: ATALAYA_HOME`,
    );
  });

  it.runIf(process.platform === "linux")("where nobody can make it, without a wait", () => {
    const file = built('prepareHome("/proc/nope/atalaya", { passphrase: true });');
    const { stderr, signal } = spawnSync(process.execPath, [file], { encoding: "utf8", timeout: 20_000 });
    expect(signal).toBeNull();
    expect(stderr).toContain("/proc/nope/atalaya cannot be used for the state on this machine: ENOENT.");
  });

  it.each([
    ["eu.west.json", "atalaya", "eu.west"],
    ["dev.json.gz", "other", "other/dev"],
    ["dev.json", ".", "dev"],
  ])("when its passphrase is gone and %s of %s is not", (name, project, said) => {
    withStack(name, project);
    expect(problem()).toContain(`and the secrets of ${said} in ${home}/state were encrypted with it.`);
    expect(existsSync(join(home, "passphrase"))).toBe(false);
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

it("is refused where nothing can be written", () => {
  mkdirSync(dirname(home), { recursive: true });
  writeFileSync(home, "");
  expect(() => {
    prepareHome(join(home, "below"), { passphrase: true });
  }).toThrow(/cannot be used for the state on this machine: ENOTDIR/);
});
