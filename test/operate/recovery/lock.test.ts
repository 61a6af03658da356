import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  directoryOf,
  lockIn,
  lockState,
  readLocks,
  type Lock,
  type Processes,
} from "../../../src/operate/recovery/lock";
import { thisHost } from "../../../src/operate/recovery/processes";
import { tempDir, type TempDir } from "../../servers";

const lock = (pid: number, hostname = "here"): Lock => ({
  pid,
  username: "ana",
  hostname,
  timestamp: "2026-11-21T09:13:04.123456789Z",
});
const processes: Processes = {
  hostname: "here",
  look: (pid) => (pid === 1 ? "runs" : pid === 3 ? "unseen" : "gone"),
};
const begun = new Date("2026-11-21T09:13:04.123Z");

describe("a stack's locks", () => {
  it("are left over when their processes are gone, held when one runs, and nobody's to judge on another host, or where nobody sees it", async () => {
    const states = [
      ...[[], [lock(2)], [lock(2), lock(1)], [lock(2, "there")], [lock(1), lock(2, "there")]],
      [lock(2), lock(3)],
    ];
    expect(await Promise.all(states.map((locks) => lockState(locks, processes)))).toEqual([
      { kind: "free" },
      { kind: "left", owners: ["ana on here (process 2, since 2026-11-21T09:13:04Z)"], begun },
      { kind: "held", owners: ["ana on here (process 1, since 2026-11-21T09:13:04Z)"] },
      { kind: "elsewhere", owners: ["ana on there (process 2, since 2026-11-21T09:13:04Z)"], begun },
      { kind: "held", owners: ["ana on here (process 1, since 2026-11-21T09:13:04Z)"] },
      { kind: "elsewhere", owners: ["ana on here (process 3, since 2026-11-21T09:13:04Z)"], begun },
    ]);
  });

  it("say when the first of their updates began, if all say when", async () => {
    const early = { ...lock(2), timestamp: "2026-11-21T10:00:00+02:00" };
    expect(await lockState([lock(2), early], processes)).toMatchObject({
      begun: new Date("2026-11-21T08:00:00Z"),
    });
    expect(await lockState([early, { ...lock(2), timestamp: "" }], processes)).not.toHaveProperty("begun");
  });

  it("say who owns them without what a terminal would obey", async () => {
    const nasty = {
      ...lock(2),
      username: "\u001b[2J\u001b]0;x\u0007ana\r\n",
      hostname: "here\u202e\u009b1m",
    };
    expect(await lockState([nasty], processes)).toMatchObject({
      owners: ["]0;xana  on here1m (process 2, since 2026-11-21T09:13:04Z)"],
    });
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

  it("are read in the older layout too, where what is not seen is not known", async () => {
    using directory = tempDir();
    const lockOf = () => lockIn(directory.path, "atalaya", "dev", processes);
    const put = (at: string, text: string): void => {
      mkdirSync(join(directory.path, at, ".."), { recursive: true });
      writeFileSync(join(directory.path, at), text);
    };
    expect(await lockOf()).toBeUndefined();
    put(".pulumi/locks/dev/a.json", JSON.stringify(lock(2)));
    expect(readLocks(directory.path, "atalaya", "dev")).toEqual([lock(2)]);
    expect(await lockOf()).toBeUndefined();
    put(".pulumi/locks/dev/b.json", JSON.stringify(lock(3)));
    expect((await lockOf())?.kind).toBe("elsewhere");
    put(".pulumi/locks/dev/c.json", JSON.stringify(lock(1)));
    expect((await lockOf())?.kind).toBe("held");
    put(".pulumi/meta.yaml", "version: 1\n");
    rmSync(join(directory.path, ".pulumi/locks/dev"), { recursive: true });
    expect(await lockOf()).toEqual({ kind: "free" });
    put(".pulumi/locks/organization/atalaya/dev/a.json", JSON.stringify(lock(2)));
    expect((await lockOf())?.kind).toBe("left");
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
    const { look } = thisHost();
    const child = spawn(program, ["60"]);
    await new Promise((resolve) => child.once("spawn", resolve));
    const pid = child.pid ?? 0;
    expect(await look(pid)).toBe("runs");
    expect(await look(process.pid)).toBe("unseen");
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
    expect(await look(pid)).toBe("gone");
  });

  /** Of no process. */
  const NOBODY = 2 ** 22 + 1;
  let directory: TempDir;
  const before = process.env["PATH"];
  beforeEach(() => {
    directory = tempDir();
    process.env["PATH"] = `${directory.path}${delimiter}${before ?? ""}`;
  });
  afterEach(() => {
    process.env["PATH"] = before;
    directory.remove();
  });
  const answers = (out: string, err: string, code: number): void => {
    const program = `#!/bin/sh\nprintf '%s' '${out}'\nprintf '%s' '${err}' >&2\nexit ${code}\n`;
    writeFileSync(join(directory.path, "ps"), program, { mode: 0o755 });
  };

  it.each([
    ["Pulumi where Nix installed it", "Ss   .pulumi-wrapped\n", "runs"],
    ["Pulumi where ps says the whole path", "S+   /Users/ana/My Tools/versions/3.265.0/bin/pulumi\n", "runs"],
    ["another program", "R    bash\n", "unseen"],
    ["another program in a directory of that name", "R    /opt/pulumi/bin/node\n", "unseen"],
    ["a zombie", "Z    pulumi <defunct>\n", "gone"],
    ["something that is not understood", "pulumi\n", "unseen"],
  ])("is what ps says: %s", async (_, out, expected) => {
    answers(out, "", 0);
    expect(await thisHost().look(process.pid)).toBe(expected);
  });

  it.each([
    ["does not list it, as another user's", "", "", 1],
    ["has no -p, as busybox's", "", "ps: unrecognized option: p", 1],
    ["fails", "", "", 124],
    ["may not be started", "", "", 127],
  ])("is alive or gone as the kernel says where ps %s", async (_, out, err, code) => {
    answers(out, err, code);
    if (code === 127) process.env["PATH"] = join(directory.path, "none");
    expect([await thisHost().look(process.pid), await thisHost().look(NOBODY)]).toEqual(["unseen", "gone"]);
  });

  it("is alive where it may not be asked of the kernel either", async () => {
    answers("", "", 1);
    const kill = vi.spyOn(process, "kill").mockImplementation(() => {
      throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
    });
    expect(await thisHost().look(1)).toBe("unseen");
    kill.mockRestore();
  });
});
