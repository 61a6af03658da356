import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { freePort, loopback, run, sendTcp, start, tempDir, waitUntil } from "./index";

const node = process.execPath;

/** A program that answers 200 on its port (argument 1) after a while (argument 2, ms), and ends at SIGTERM. */
const slowServer = `
  const [port, wait] = process.argv.slice(1).map(Number);
  setTimeout(() => require("http").createServer((_, r) => r.end("ok")).listen(port, "127.0.0.1"), wait);
`;

describe("run", () => {
  it("returns the exit code and both outputs apart", async () => {
    const script = "process.stdout.write('out'); process.stderr.write('err'); process.exitCode = 3";
    expect(await run(node, ["-e", script])).toEqual({ code: 3, stdout: "out", stderr: "err" });
  });

  it("throws when the program does not exist", async () => {
    await expect(run("atalaya-no-such-program", [])).rejects.toThrow("ENOENT");
  });

  it("kills and throws at its time bound, with what the program had said", async () => {
    const script = "console.log('so far'); setInterval(() => {}, 1000)";
    await expect(run(node, ["-e", script], { timeoutMs: 500 })).rejects.toThrow(
      /still running after 500 ms:\nso far/,
    );
  });
});

describe("start", () => {
  it.each(["port", "url"])("waits until the %s answers, and stop ends the process", async (kind) => {
    const port = await freePort();
    const ready = kind === "port" ? { port } : { url: `http://${loopback}:${port}/` };
    const started = await start(node, ["-e", slowServer, String(port), "300"], { ready });
    expect(await (await fetch(`http://${loopback}:${port}/`)).text()).toBe("ok");
    await started.stop();
    expect(started.running()).toBe(false);
    expect(() => process.kill(started.pid, 0)).toThrow("ESRCH");
  });

  it("kills a process that ignores SIGTERM", async () => {
    const port = await freePort();
    const stubborn = `process.on("SIGTERM", () => {}); ${slowServer}`;
    const started = await start(node, ["-e", stubborn, String(port), "0"], { ready: { port }, graceMs: 200 });
    await started.stop();
    expect(() => process.kill(started.pid, 0)).toThrow("ESRCH");
  });

  it("throws at once what a process said that ended too early", async () => {
    const ready = { port: await freePort() };
    const failing = start(node, ["-e", "console.error('bad config'); process.exit(7)"], { ready });
    await expect(failing).rejects.toThrow(/was ready: exit 7\nbad config/);
  });

  it("throws at its time bound and leaves nothing running", async () => {
    const port = await freePort();
    const late = start(node, ["-e", slowServer, String(port), "60000"], { ready: { port }, timeoutMs: 300 });
    await expect(late).rejects.toThrow(`waited 300 ms in vain for ${loopback}:${port}`);
  });
});

describe("waitUntil", () => {
  it("throws after its bound, naming what was waited for", async () => {
    const never = waitUntil("the moon", () => false, { timeoutMs: 50, everyMs: 10 });
    await expect(never).rejects.toThrow("waited 50 ms in vain for the moon");
  });
});

describe("sendTcp", () => {
  it("throws when the peer hangs up before the answer is whole", async () => {
    const port = await freePort();
    const http = createServer((_, response) => response.end()).listen(port, loopback);
    const get = "GET / HTTP/1.0\r\n\r\n";
    await expect(sendTcp(port, get, () => false)).rejects.toThrow(`TCP ${loopback}:${port}: hung up after`);
    http.close();
  });
});

describe("tempDir", () => {
  it("is gone when its scope ends", () => {
    let path: string;
    {
      using dir = tempDir();
      path = dir.path;
      expect(existsSync(path)).toBe(true);
    }
    expect(existsSync(path)).toBe(false);
  });
});
