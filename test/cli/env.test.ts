import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { env } from "../../src/cli/env";
import { report } from "../../src/cli/errors";
import { fakeDocker, recorded, removeFakes } from "../operate/docker/fake";
import { tempDir, type TempDir } from "../servers";

let directory: TempDir;
let printed: string;
let complained: string;
beforeEach(() => {
  directory = tempDir();
  [printed, complained] = ["", ""];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    complained += String(text);
    return true;
  });
  fakeDocker(recorded);
  // Whoever runs this may have a CLI of the real kind, and variables for it.
  vi.stubEnv("PATH", (process.env["PATH"] ?? "").split(":")[0] ?? "");
  for (const name of ["BACKEND_URL", "ACCESS_TOKEN", "CONFIG_PASSPHRASE", "CONFIG_PASSPHRASE_FILE"])
    vi.stubEnv(`PULUMI_${name}`, "");
  vi.stubEnv("PULUMI_HOME", at("pulumi"));
  vi.stubEnv("PULUMI_CREDENTIALS_PATH", at("pulumi"));
  vi.stubEnv("ATALAYA_HOME", at("home"));
  vi.stubEnv("ATALAYA_ROOT", at("root"));
  write("root/Pulumi.yaml", "name: atalaya\nruntime: nodejs\n");
  write("root/Pulumi.dev.yaml", "config:\n  atalaya:host: docker\n");
});
afterEach(() => {
  vi.restoreAllMocks();
  removeFakes();
  directory.remove();
});

const at = (path: string): string => join(directory.path, path);
const write = (path: string, text: string): void => {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
};

const WITHOUT_POLICIES =
  "# Plain pulumi does not judge by the policies unless it is told to: pulumi up --stack dev --policy-pack policies";
const ours = (): readonly string[] => [
  "unset ATALAYA_STOPPED",
  `export PULUMI_BACKEND_URL='file://${at("home/state")}'`,
  "unset PULUMI_CONFIG_PASSPHRASE",
  `export PULUMI_CONFIG_PASSPHRASE_FILE=${at("home/passphrase")}`,
];

describe("what a shell is told", () => {
  it("is where everything is, and what is not there yet", async () => {
    expect(await env({ stack: "dev" })).toBe(0);
    expect(printed.split("\n")).toEqual([
      ...ours(),
      "# The Pulumi CLI is not here yet: npm run up brings it.",
      "# There is no stack dev yet: npm run up makes it.",
      WITHOUT_POLICIES,
      "",
    ]);
    expect(existsSync(at("home/passphrase"))).toBe(true);
    expect(existsSync(at("pulumi"))).toBe(false);
  });

  it("is where the CLI is that was brought", async () => {
    const { dependencies } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8")) as {
      readonly dependencies: Readonly<Record<string, string>>;
    };
    const bin = `pulumi/versions/${dependencies["pulumi"] ?? ""}/bin`;
    write(`${bin}/pulumi`, "#!/bin/sh\necho v3.265.0\n");
    chmodSync(at(`${bin}/pulumi`), 0o755);
    write("home/passphrase", "a passphrase");
    write("home/state/.pulumi/stacks/atalaya/dev.json", "{}");
    expect(await env({ stack: "dev" })).toBe(0);
    expect(printed.split("\n")).toEqual([...ours(), `export PATH=${at(bin)}:"$PATH"`, WITHOUT_POLICIES, ""]);
  });
});

describe("nothing is printed or written", () => {
  const refused = async (stack: string): Promise<readonly [number, string]> => {
    const code = await env({ stack }).catch(report);
    expect([printed, existsSync(at("home"))]).toEqual(["", false]);
    return [code, complained.trim()];
  };

  it("for what is no stack", async () => {
    write("root/x.yaml", "config: {}\n");
    expect(await refused("../../x")).toEqual([
      2,
      'x.yaml: there is no stack "../../x". Stacks here: dev. Create the file, or name one that exists.',
    ]);
  });

  it.each(["Pulumi.yaml", "Pulumi.dev.yaml"])("where %s cannot be read", async (name) => {
    write(`root/${name}`, "{[");
    const [code, message] = await refused("dev");
    expect([code, message.includes(`${name}:1:`)]).toEqual([2, true]);
  });
});
