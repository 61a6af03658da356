import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { projectRoot } from "../../src/lab/root";
import { loopback } from "../../src/lab/servers/net";
import { run } from "../../src/lab/servers/process";

/** A request as all of a slice are. */
export interface Asked {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes. */
  readonly body: number;
}

/** What wrk saw. */
export interface Load {
  readonly requests: number;
  readonly perSecond: number;
  /** Microseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Where wrk is; installs it where it is missing. Throws with what to do. */
export const findWrk = (): string =>
  execFileSync(process.execPath, [join(projectRoot(), "scripts", "servers", "wrk.mjs")], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }).trim();

export interface Slice {
  readonly port: number;
  readonly asked: Asked;
  readonly seconds: number;
  readonly connections: number;
}

/** Asks again and again over so many connections, each as soon as it was answered. Throws unless every answer was a good one. */
export async function load(wrk: string, { port, asked, seconds, connections }: Slice): Promise<Load> {
  const script = join(projectRoot(), "bench", "auth", "wrk.lua");
  const { code, stdout, stderr } = await run(
    wrk,
    [
      ...["--threads", "1", "--connections", `${connections}`, "--duration", `${seconds}s`],
      ...["--timeout", "5s", "--script", script, `https://${loopback}:${port}${asked.path}`],
    ],
    {
      timeoutMs: seconds * 1_000 + 15_000,
      env: {
        BENCH_METHOD: asked.method,
        BENCH_BODY: `${asked.body}`,
        BENCH_HEADERS: Object.entries(asked.headers)
          .map(([name, value]) => `${name}: ${value}\n`)
          .join(""),
      },
    },
  );
  const line = stdout.split("\n").find((text) => text.startsWith("{"));
  if (code !== 0 || line === undefined)
    throw new Error(`wrk ended with ${String(code)}:\n${stdout}${stderr}`);
  const said = JSON.parse(line) as Record<"requests" | "micros" | "failed" | "p50" | "p99", number>;
  if (said.failed > 0 || said.requests === 0)
    throw new Error(`${asked.method} ${asked.path}: ${said.failed} of ${said.requests} answers failed`);
  return { ...said, perSecond: said.requests / (said.micros / 1e6) };
}
