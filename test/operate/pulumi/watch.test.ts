import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { attached, capture, TIMED_OUT } from "../../../src/operate/command";
import { watch } from "../../../src/operate/pulumi/watch";
import { tempDir, type TempDir } from "../../servers";

let directory: TempDir;
beforeEach(() => {
  directory = tempDir();
});
afterEach(() => {
  directory.remove();
});

/** A program that notes its arguments and does as the script says; `$log` is where its events go. */
function program(script: string): string {
  const file = join(directory.path, "program");
  const lines = [
    "#!/bin/sh",
    `echo "$@" > "${directory.path}/args"`,
    'for log in "$@"; do :; done',
    script,
    "",
  ];
  writeFileSync(file, lines.join("\n"));
  chmodSync(file, 0o755);
  return file;
}

const event = (content: object): string => `printf '%s\\n' '${JSON.stringify(content)}' >> "$log"`;

describe("a command of the engine", () => {
  it("is judged by its errors and by what it counted", async () => {
    const file = program(
      [
        event({ diagnosticEvent: { severity: "error", message: "<{%reset%}>disk is full<{%reset%}>\n" } }),
        event({ diagnosticEvent: { severity: "warning", message: "a warning" } }),
        event({ policyEvent: { enforcementLevel: "mandatory", policyName: "no-ports", message: "not so" } }),
        event({ policyEvent: { enforcementLevel: "advisory", policyName: "style", message: "rather not" } }),
        event({ summaryEvent: { resourceChanges: { same: 3, create: 1 } } }),
        `printf '{"half' >> "$log"`,
        `printf '\\033[31merror: \\033[0mupdate failed\\n' >&2`,
        "exit 255",
      ].join("\n"),
    );
    expect(await watch(file, ["up", "--yes"], {})).toEqual({
      code: 255,
      said: "error: update failed\ndisk is full\n[mandatory] no-ports: not so",
      changes: { same: 3, create: 1 },
    });
    const args = readFileSync(join(directory.path, "args"), "utf8").trim().split(" ");
    expect(args.slice(0, 3)).toEqual(["up", "--yes", "--event-log"]);
    expect(existsSync(args[3] ?? "")).toBe(false);
  });

  it("takes away what commands that were killed have left", async () => {
    const temporary = join(directory.path, "tmp");
    mkdirSync(temporary);
    vi.stubEnv("TMPDIR", temporary);
    const aged = (name: string, hours: number): void => {
      mkdirSync(join(temporary, name));
      writeFileSync(join(temporary, name, "events.json"), "");
      const time = Date.now() / 1000 - hours * 3600;
      utimesSync(join(temporary, name), time, time);
    };
    aged("atalaya-up-old", 25);
    aged("atalaya-up-new", 23);
    aged("somebody-elses", 1000);
    symlinkSync(join(temporary, "somebody-elses"), join(temporary, "atalaya-up-link"));
    await watch(program("exit 0"), ["up"], {});
    vi.unstubAllEnvs();
    expect(readdirSync(temporary).sort()).toEqual(["atalaya-up-link", "atalaya-up-new", "somebody-elses"]);
    expect(readdirSync(join(temporary, "somebody-elses"))).toEqual(["events.json"]);
  });

  it("may end before it came to anything", async () => {
    expect(await watch(program("kill -TERM $$"), ["up"], {})).toEqual({
      code: 143,
      said: "",
      changes: undefined,
    });
  });
});

describe("a program", () => {
  it("is run with what it is told, and without what is taken away", async () => {
    process.env["TAKEN"] = "still there";
    const ran = await capture("/bin/sh", ["-c", 'cat; echo "$GIVEN$TAKEN"; pwd; echo no >&2; exit 3'], {
      env: { GIVEN: "given", TAKEN: undefined },
      cwd: directory.path,
      input: "in\n",
    });
    Reflect.deleteProperty(process.env, "TAKEN");
    expect(ran).toEqual({
      code: 3,
      stdout: `in\ngiven\n${directory.path}\n`,
      stderr: "no\n",
      missing: false,
    });
  });

  it("that is not there, or takes too long, is told apart", async () => {
    expect(await capture("atalaya-no-such-program", [])).toMatchObject({ code: 127, missing: true });
    const late = await capture("/bin/sh", ["-c", "echo so far; sleep 30"], { timeoutMs: 300 });
    expect(late).toMatchObject({ code: TIMED_OUT, missing: false });
  });

  it("has its own exit code, by a signal as well", async () => {
    expect(await attached("/bin/sh", ["-c", "exit 4"])).toBe(4);
    expect(await attached("/bin/sh", ["-c", "kill -INT $$"])).toBe(130);
    await expect(attached("atalaya-no-such-program", [])).rejects.toThrow("ENOENT");
  });

  it("gets the signals that come to this process alone, each once", async () => {
    const ready = join(directory.path, "ready");
    const script = `trap 'echo x >> "${ready}.signals"' TERM; touch "${ready}"; while [ ! -f "${ready}.end" ]; do sleep 0.05; done`;
    const running = attached("/bin/sh", ["-c", script]);
    await expect.poll(() => existsSync(ready)).toBe(true);
    // Both as if npm had passed on what had come already.
    process.emit("SIGTERM");
    process.emit("SIGTERM");
    await expect.poll(() => existsSync(`${ready}.signals`)).toBe(true);
    writeFileSync(`${ready}.end`, "");
    expect(await running).toBe(0);
    expect(readFileSync(`${ready}.signals`, "utf8")).toBe("x\n");
  });
});
