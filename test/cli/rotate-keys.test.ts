import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeKeycloak } from "../client/fake-keycloak";
import { tempDir, type TempDir } from "../servers";
import { outputs } from "./environment";

const root = join(__dirname, "..", "..");

describe("rotate-keys", () => {
  let dir: TempDir;
  let keycloak: FakeKeycloak;
  beforeEach(async () => {
    dir = tempDir();
    keycloak = await FakeKeycloak.start();
  });
  afterEach(async () => {
    dir.remove();
    await keycloak[Symbol.asyncDispose]();
  });

  /** As it is typed, for an environment whose Keycloak is the fake one and whose edge is not there. */
  const rotateKeys = (...args: readonly string[]) => run(args);

  /** @param stopAt ends it as Ctrl-C does once it has said this */
  function run(args: readonly string[], stopAt?: string) {
    const file = join(dir.path, "outputs.json");
    const running = outputs(keycloak.url, {
      endpoints: { otlpGrpc: "127.0.0.1:1", otlpHttp: "https://127.0.0.1:1" },
      administrators: { keycloak: { user: "admin", password: "right" } },
    });
    writeFileSync(file, JSON.stringify(running));
    const command = [join(root, "scripts", "atalaya.mjs"), "rotate-keys", "--outputs", file, ...args];
    // Not spawnSync: this process answers it.
    const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "pipe"] });
    const [stdout, stderr] = [child.stdout, child.stderr].map(async (stream) => {
      let text = "";
      for await (const part of stream.setEncoding("utf8")) {
        text += String(part);
        if (stopAt !== undefined && text.includes(stopAt)) child.kill("SIGINT");
      }
      return text;
    });
    return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
      child.once("error", reject).once("close", (code) => {
        void Promise.all([stdout, stderr]).then(([out = "", err = ""]) => {
          resolve({ code, stdout: out, stderr: err });
        });
      });
    });
  }

  it("says what it would do, and does nothing", async () => {
    const { code, stdout, stderr } = await rotateKeys("--dry-run");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /^It would:\n {2}publish a new key\n {2}wait until .*\n {2}sign with it\n {2}make first passive: .*\n\nkid {4}state {4}age\nfirst {2}signing {2}\d+\w.*\n$/,
    );
    const json = await rotateKeys("--dry-run", "--wait-all", "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({
      keys: [{ kid: "first", state: "signing" }],
      wouldDo: [/publish/, /wait/, /sign/, /make first passive/, /remove first/].map(
        (text) => expect.stringMatching(text) as string,
      ),
    });
    expect(keycloak.writes).toEqual([]);
  }, 60_000);

  it("has nothing to retire where nothing is old", async () => {
    const { code, stdout, stderr } = await rotateKeys("--retire", "--json");
    expect(stderr).toBe("There is no old key to remove.\n");
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { done: [], keys: [{ kid: "first" }] }]);
  }, 60_000);

  it("that is stopped says that nothing is lost, and how it goes on", async () => {
    const name = "atalaya published=2026-01-01T00:00:00.000Z signs=2026-01-01T00:01:15.000Z by=they.0";
    keycloak.add("theirs", "rsa-generated", { priority: ["110"] }, name);
    const { code, stdout, stderr } = await run(["--wait-all"], "waiting until no token");
    expect([code, stdout]).toEqual([130, ""]);
    expect(stderr).toMatch(
      /\nStopped\. What was done stands, and every token stays good\. npx atalaya rotate-keys --retire goes on from here\.\n$/,
    );
    expect(keycloak.signing()).toEqual(["theirs active", "first passive"]);
  }, 60_000);

  it("publishes nothing where it cannot ask who has it, and says so in one line", async () => {
    const { code, stdout, stderr } = await rotateKeys();
    expect([code, stdout, stderr]).toEqual([2, "", "The edge cannot be reached: ECONNREFUSED.\n"]);
    expect(keycloak.writes).toEqual([]);
  }, 60_000);

  it.each([
    [
      "the password was changed",
      () => (keycloak.password = "another"),
      /^Keycloak refuses the administrator's/,
    ],
    ["there is no realm", () => (keycloak.realm = false), /^Keycloak has no realm observability\.\n$/],
  ])(
    "ends with one line when %s",
    async (_what, change, message) => {
      change();
      const { code, stdout, stderr } = await rotateKeys();
      expect([code, stdout, stderr.split("\n").length]).toEqual([2, "", 2]);
      expect(stderr).toMatch(message);
    },
    60_000,
  );
});
