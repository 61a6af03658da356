import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { outputs } from "./environment";

const ROOT = join(__dirname, "..", "..");

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "atalaya-target-"));
  mkdirSync(join(directory, "bin"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

interface Run {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** `atalaya token nobody`: whoever finds the environment says whom it has. */
function find({
  args,
  env = {},
  input,
}: Run): Promise<{ readonly status: number | null; readonly said: string }> {
  const child = spawn(process.execPath, [join(ROOT, "scripts", "atalaya.mjs"), "token", "nobody", ...args], {
    env: {
      ...process.env,
      // No pulumi but the test's own.
      PATH: [join(directory, "bin"), "/usr/bin", "/bin"].join(delimiter),
      TMPDIR: directory,
      INIT_CWD: directory,
      ATALAYA_LAB_OUTPUTS: "",
      ATALAYA_HOME: join(directory, "home"),
      // A download, where nothing else would do, ends at once.
      ...{
        PULUMI_HOME: join(directory, "pulumi"),
        NODE_USE_ENV_PROXY: "1",
        HTTPS_PROXY: "http://127.0.0.1:1",
      },
      ...{ PULUMI_BACKEND_URL: "file:///elsewhere", PULUMI_CONFIG_PASSPHRASE: "secret-phrase" },
      ...env,
    },
  });
  child.stdin.end(input ?? "");
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  return new Promise((resolve) => {
    child.once("close", (status) => {
      resolve({ status, said });
    });
  });
}

const write = (name: string, content: unknown): string => {
  mkdirSync(join(directory, name, ".."), { recursive: true });
  writeFileSync(join(directory, name), typeof content === "string" ? content : JSON.stringify(content), {
    mode: 0o600,
  });
  return join(directory, name);
};
const named = (tenant: string) =>
  outputs("http://localhost:1", { tenants: { [tenant]: outputs().tenants.mx } });
const has = (tenant: string) => new RegExp(`There is the tenant ${tenant}\\.\\n$`);

/** A Pulumi CLI that does as it is told. */
function pulumi(script: string): void {
  write("bin/pulumi", `#!/bin/sh\nif [ "$1" = version ]; then echo v3.265.0; exit; fi\n${script}\n`);
  chmodSync(join(directory, "bin", "pulumi"), 0o755);
}

describe("the environment is found", () => {
  it("in a file, relative to where it was typed, or on standard input", async () => {
    write("mine.json", named("filed"));
    expect((await find({ args: ["--outputs", "mine.json"] })).said).toMatch(has("filed"));
    const piped = await find({ args: ["--outputs", "-"], input: JSON.stringify(named("piped")) });
    expect(piped).toEqual({ status: 2, said: expect.stringMatching(has("piped")) as string });
  });

  it("inside a lab, unless a file is named", async () => {
    const env = { ATALAYA_LAB_OUTPUTS: write("lab.json", named("inside")) };
    write("mine.json", named("filed"));
    expect((await find({ args: [], env })).said).toMatch(has("inside"));
    expect((await find({ args: ["--lab"], env })).said).toMatch(has("inside"));
    expect((await find({ args: ["--outputs", "mine.json"], env })).said).toMatch(has("filed"));
  });

  it("by the Pulumi CLI, in the project and with its secrets", async () => {
    write("stack.json", named("stacked"));
    pulumi(`echo "$@" > ${directory}/asked; pwd >> ${directory}/asked; cat ${directory}/stack.json`);
    expect((await find({ args: ["--stack", "other"] })).said).toMatch(has("stacked"));
    const { readFileSync } = await import("node:fs");
    expect(readFileSync(join(directory, "asked"), "utf8")).toBe(
      `stack output --json --show-secrets --stack other --non-interactive\n${ROOT}\n`,
    );
  });
});

it.each([
  ["--lab", ["--lab", "--outputs", "mine.json"]],
  ["--lab", ["--lab", "--stack", "prod"]],
  ["--outputs <file>", ["--outputs", "mine.json", "--stack", "prod"]],
])("%s names the environment alone", async (option, args) => {
  const { status, said } = await find({ args });
  expect([status, said.split("\n")[0]]).toEqual([2, expect.stringContaining("cannot be used with option")]);
  expect(said).toContain(option);
});

describe("the lab of this machine", () => {
  const lab = (name: string, port: number): string =>
    write(`atalaya-lab-${name}/outputs.json`, {
      ...named(name),
      keycloakUrl: `http://localhost:${port}`,
      endpoints: { otlpGrpc: "localhost:1", otlpHttp: "https://localhost:1" },
    });
  async function listening(run: (...ports: readonly number[]) => Promise<void>): Promise<void> {
    const servers = await Promise.all(
      [0, 1].map(async () => {
        const server = createServer();
        await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
        return server;
      }),
    );
    try {
      await run(...servers.map((server) => (server.address() as AddressInfo).port));
    } finally {
      for (const server of servers) server.close();
    }
  }

  it("is found when it runs, and no other user's, half written or stopped one", () =>
    listening(async (port = 0, other = 0) => {
      lab("runs", port);
      lab("stopped", 1);
      chmodSync(lab("open", other), 0o644);
      write("atalaya-lab-half/outputs.json", "{");
      mkdirSync(join(directory, "atalaya-lab-empty"));
      expect((await find({ args: ["--lab"] })).said).toMatch(
        /There is no tenant nobody in the lab\. There is the tenant runs\.\n$/,
      );
    }));

  it("is named when there are several, and missed when there is none", () =>
    listening(async (port = 0, other = 0) => {
      expect((await find({ args: ["--lab"] })).said).toBe(
        "--lab: no lab of yours runs on this machine. Start one in another terminal: npm run lab\n",
      );
      const files = [lab("a", port), lab("b", other)];
      expect(await find({ args: ["--lab"] })).toEqual({
        status: 2,
        said: `--lab: 2 labs run on this machine. Say which:\n${files.map((file) => `  --outputs ${file}\n`).join("")}`,
      });
    }));
});

describe("an environment that cannot be found is one clear message, exit code 2 and no secret", () => {
  const cases: readonly (readonly [string, () => Run, RegExp])[] = [
    ["no such file", () => ({ args: ["--outputs", "no.json"] }), /^--outputs no\.json: cannot be read: there is no such file\. It should hold what this prints: pulumi stack output/],
    ["a directory", () => ({ args: ["--outputs", "."] }), /^--outputs \.: cannot be read: EISDIR/],
    ["a file that is not JSON", () => ({ args: ["--outputs", write("f", "secret-x")] }), /f: These are not the outputs of an environment: the text is not JSON\.\nIt should hold/],
    ["a file of something else", () => ({ args: ["--outputs", write("f", { ...outputs(), keycloakUrl: "secret-x", tenants: { mx: {} } })] }), /keycloakUrl: Invalid URL\n {2}tenants\.mx\.state: /],
    ["no CLI", () => ({ args: [] }), /^Downloading the Pulumi CLI .*\nThe Pulumi CLI \S+ is not in .*\n.*get\.pulumi\.com.*\n.*PATH: https.*\nOr name a file/s],
    ["nothing on this machine", () => ({ args: [], env: { PULUMI_BACKEND_URL: "" } }), /^There is no stack dev on this machine\. Bring it up: npm run up -- --stack dev\nOr name a file/],
    ["no such stack", () => (pulumi("echo \"error: no stack named 'dev' found\" >&2; exit 255"), { args: [] }), /^There is no stack dev where its state should be\. Make it: npm run up -- --stack dev\nOr name/],
    ["no login", () => (pulumi("echo 'error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions' >&2; exit 255"), { args: [] }), /^The Pulumi CLI is not logged in\. Run: pulumi login/],
    ["no passphrase", () => (pulumi("echo 'error: passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables' >&2; exit 255"), { args: [] }), /^The secrets of stack dev are encrypted: set PULUMI_CONFIG_PASSPHRASE/],
    ["a wrong passphrase", () => (pulumi("echo 'error: incorrect passphrase' >&2; exit 255"), { args: [] }), /^The passphrase of stack dev is not the right one/],
    ["anything else", () => (pulumi("echo secret-x; echo 'error: the moon is full' >&2; exit 1"), { args: [] }), /^The Pulumi CLI cannot print the outputs of stack dev: the moon is full\nOr name/],
    ["a stack that was never brought up", () => (pulumi("echo '{}'"), { args: [] }), /^Stack dev has no outputs: it was never brought up, or was destroyed\. Run: npm run up -- --stack dev/],
    ["an old stack", () => (pulumi("echo '{\"endpoints\": \"secret-x\"}'"), { args: [] }), /^stack dev: These are not.*\nBring it up to date: npm run up -- --stack dev\n$/s],
  ]; // prettier-ignore
  it.each(cases)("%s", async (_case, run, message) => {
    const { status, said } = await find(run());
    expect(said).toMatch(message);
    expect(said).not.toMatch(/secret-|\n\s+at /);
    expect(status).toBe(2);
  });

  it("says after two seconds whom it waits for", async () => {
    write("stack.json", named("late"));
    pulumi(`sleep 2.5; cat ${directory}/stack.json`);
    expect((await find({ args: [] })).said).toMatch(/^Reading the outputs of stack dev \.\.\.\n/);
  });
});
