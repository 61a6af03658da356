import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { directoryOf, lockState, readLocks, type Lock } from "../../../src/operate/recovery/lock";
import { thisHost } from "../../../src/operate/recovery/processes";
import { tempDir } from "../../servers";

const lock = (pid: number, hostname = "here"): Lock => ({
  pid,
  username: "ana",
  hostname,
  timestamp: "2026-11-21T09:13:04.123456789Z",
});
const processes = { hostname: "here", runsPulumi: (pid: number) => pid === 1 };

describe("a stack's locks", () => {
  it("are left over when their processes are gone, held when one runs, and nobody's to judge on another host", async () => {
    const states = [[], [lock(2)], [lock(2), lock(1)], [lock(2, "there")], [lock(1), lock(2, "there")]];
    expect(await Promise.all(states.map((locks) => lockState(locks, processes)))).toEqual([
      { kind: "free" },
      { kind: "left", owners: ["ana on here (process 2, since 2026-11-21T09:13:04Z)"] },
      { kind: "held", owners: ["ana on here (process 1, since 2026-11-21T09:13:04Z)"] },
      { kind: "elsewhere", owners: ["ana on there (process 2, since 2026-11-21T09:13:04Z)"] },
      { kind: "held", owners: ["ana on here (process 1, since 2026-11-21T09:13:04Z)"] },
    ]);
  });

  it("are read from the backend's directory; a half one is somebody's", () => {
    using directory = tempDir();
    expect(readLocks(directory.path, "atalaya", "dev")).toEqual([]);
    const folder = join(directory.path, ".pulumi/locks/organization/atalaya/dev");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "a.json"), JSON.stringify(lock(2)));
    writeFileSync(join(folder, "b.json"), '{"pid":');
    expect(readLocks(directory.path, "atalaya", "prod")).toEqual([]);
    expect(readLocks(directory.path, "atalaya", "dev")).toEqual([
      lock(2),
      { pid: 0, username: "somebody", hostname: "an unknown host", timestamp: "" },
    ]);
  });

  it("lie where Pulumi has the directory of a file backend", () => {
    const urls = ["file:///srv/the%20state", "file://~", "file://~/state", "file://./state?no_tmp_dir=true"];
    expect(
      [...urls, "s3://bucket", "https://api.pulumi.com"].map((url) => directoryOf(url, "/project")),
    ).toEqual([
      "/srv/the state",
      homedir(),
      join(homedir(), "state"),
      "/project/state",
      undefined,
      undefined,
    ]);
  });
});

describe("a process of this host", () => {
  it("runs Pulumi while a program of that name has its number", async () => {
    using directory = tempDir();
    const program = join(directory.path, "pulumi");
    copyFileSync("/bin/sleep", program);
    const { runsPulumi } = thisHost();
    const child = spawn(program, ["60"]);
    await new Promise((resolve) => child.once("spawn", resolve));
    const pid = child.pid ?? 0;
    expect(await runsPulumi(pid)).toBe(true);
    expect(await runsPulumi(process.pid)).toBe(false);
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
    expect(await runsPulumi(pid)).toBe(false);
  });
});
