import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run, tempDir } from "../servers";
import { type Ran, runStep } from "./pull-request";
import { ROOT, tool } from "./workflows";

const dir = tempDir();
const state = {
  PULUMI_BACKEND_URL: `file://${join(dir.path, "state")}`,
  PULUMI_CONFIG_PASSPHRASE: "a passphrase",
  PULUMI_HOME: join(dir.path, "home"),
};

/** The steps with the real CLI, on a program that declares components of these names. */
const step = (file: string, name: string, env: Readonly<Record<string, string>>): Promise<Ran> =>
  runStep(file, name, {
    directory: dir.path,
    answers: {
      "vars.PULUMI_STACK || matrix.stack": "dev",
      "vars.PULUMI_STACK || 'dev'": "dev",
      "vars.PULUMI_BACKEND_URL": state.PULUMI_BACKEND_URL,
      "secrets.PULUMI_ACCESS_TOKEN": "",
      "secrets.PULUMI_CONFIG_PASSPHRASE": state.PULUMI_CONFIG_PASSPHRASE,
    },
    env: {
      PATH: `${join(dir.path, "bin")}:${process.env["PATH"] ?? ""}`,
      PULUMI_HOME: state.PULUMI_HOME,
      REAL_PULUMI: tool("pulumi"),
      ...env,
    },
  });

beforeAll(async () => {
  for (const name of ["bin", "state"]) mkdirSync(join(dir.path, name));
  cpSync(join(ROOT, "scripts", "ci"), join(dir.path, "scripts", "ci"), { recursive: true });
  writeFileSync(join(dir.path, "Pulumi.yaml"), "name: atalaya\nruntime: nodejs\n");
  const wrapper = join(dir.path, "bin", "pulumi");
  writeFileSync(
    wrapper,
    `#!/bin/sh\nexec "${process.execPath}" "${join(__dirname, "real-pulumi.cjs")}" "$@"\n`,
  );
  chmodSync(wrapper, 0o755);
  const options = { cwd: dir.path, env: state };
  const { code, stderr } = await run(tool("pulumi"), ["stack", "init", "dev", "--non-interactive"], options);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "Created stack 'dev'\n" });
});
afterAll(() => {
  dir.remove();
});

const drift = (): unknown => JSON.parse(readFileSync(join(dir.path, "out", "drift", "drift.json"), "utf8"));

describe("with the real CLI", () => {
  it("preview shows what an update would do, and does nothing", async () => {
    const { code, stderr, summary } = await step("pulumi-preview.yml", "Pulumi preview", { NAMES: "envoy" });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(summary).toMatch(/^## dev: what an update would do\n\n```text\n/);
    expect(summary).toContain("2 to create");
    expect(summary).not.toContain("hunter2");
  });

  it("preview fails with a program that breaks, and says so", async () => {
    const env = { NAMES: "envoy", BREAK: "yes" };
    const { code, summary } = await step("pulumi-preview.yml", "Pulumi preview", env);
    expect(code).toBe(255);
    expect(summary).toMatch(/^## dev: an update would be refused\n/);
    expect(summary).toContain("the program broke");
  });

  it("up applies, and its summary has the outputs without the secret ones", async () => {
    const { code, stdout, stderr, summary } = await step("up.yml", "Up", { NAMES: "envoy" });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("2 created");
    const [, outputs] = summary.split("### Outputs\n\n");
    expect(outputs?.trim().split("\n")).toEqual([
      "| Output | Value |",
      "| --- | --- |",
      "| grafana | `http://localhost:3000` |",
      "| tenants | secret: `pulumi stack output --show-secrets` |",
    ]);
    expect(`${stdout}${summary}`).not.toContain("hunter2");
  });

  it("drift is none after it, and some after a change", async () => {
    expect(await step("drift.yml", "Drift", { NAMES: "envoy" })).toMatchObject({ code: 0, stderr: "" });
    expect(drift()).toEqual({ drift: false });
    const { code, summary } = await step("drift.yml", "Drift", { NAMES: "envoy,mimir" });
    expect({ code, drift: drift() }).toEqual({ code: 0, drift: { drift: true } });
    expect(summary).toContain("- create: test:index:Thing `mimir`\n");
  });

  it("a program that breaks is not drift", async () => {
    const before = existsSync(join(dir.path, "out", "drift"));
    const { code, summary } = await step("drift.yml", "Drift", { NAMES: "envoy,mimir", BREAK: "yes" });
    expect({ before, code }).toEqual({ before: true, code: 255 });
    expect(summary).toMatch(/^## dev: drift could not be checked\n/);
    expect(summary).toContain("the program broke");
    // Nothing of an earlier run is taken for this one's.
    expect(existsSync(join(dir.path, "out", "drift"))).toBe(false);
  });

  it("a wrong passphrase is said", async () => {
    const env = { NAMES: "envoy", PULUMI_CONFIG_PASSPHRASE: "another" };
    const { code, summary } = await step("up.yml", "Up", env);
    expect(code).toBe(255);
    expect(summary).toMatch(/incorrect passphrase/);
  });
});
