import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { waitUntil } from "../servers";
import { directoryIn, isAlive, lab, pidsIn } from "./lab-command";

describe("npm run lab", () => {
  it("says what it does and where everything is, and leaves nothing when it is stopped", async () => {
    const running = lab(["--free-ports"]);
    await waitUntil("the lab", () => running.output().includes("Ctrl-C stops it"), { timeoutMs: 150_000 });
    const output = running.output();
    const directory = directoryIn(output);
    for (const name of ["postgres", "keycloak", "redis", "collector", "auth", "envoy"])
      expect(output).toMatch(
        new RegExp(`^ +\\d+\\.\\d s  ${name} ready in \\d+\\.\\d s \\(pid \\d+\\)$`, "m"),
      );
    const outputs = JSON.parse(readFileSync(join(directory, "outputs.json"), "utf8")) as { tenants: object };
    expect(Object.keys(outputs.tenants)).toEqual(["co", "mx", "pe"]);
    const pids = pidsIn(output);
    expect(pids.filter(isAlive)).toHaveLength(6);
    process.kill(running.pid, "SIGTERM");
    expect((await running.ended).code).toBe(0);
    expect([pids.filter(isAlive), existsSync(directory)]).toEqual([[], false]);
  }, 180_000);

  it("runs a command in it, and ends as that does", async () => {
    const script =
      'curl -sf "$ATALAYA_LAB_STORED/stored?tenant=tenant-mx" && curl -sf "$ATALAYA_LAB_HEALTH/ready" && exit 7';
    const { code, output } = await lab(["--once", "sh", "-c", script]).ended;
    expect(output).toMatch(/\[\]\nLIVE\n/);
    expect(code).toBe(7);
    expect([pidsIn(output).filter(isAlive), existsSync(directoryIn(output))]).toEqual([[], false]);
  }, 180_000);

  it.each([
    [["--once"], "lab --once: name the command that is to run in the lab.\n"],
    [["echo", "hi"], 'lab: to run "echo hi" in it, say --once echo hi\n'],
  ])("says how it is used: %j", async (args, message) => {
    expect(await lab(args).ended).toEqual({ code: 2, output: message });
  });
});
