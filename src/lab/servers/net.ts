import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Everything that tests start listens here and nowhere else. */
export const loopback = "127.0.0.1";

/** A port nobody listens on now. Another process may take it before you do: listen soon. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, loopback, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => {
        resolve(port);
      });
    });
  });
}

/** A server on this port of loopback, which answers nobody; undefined when somebody else listens there. */
export function listenOn(port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(undefined);
      else reject(error);
    });
    server.listen({ port, host: loopback, exclusive: true }, () => {
      resolve(server);
    });
  });
}

/** Asks `check` again and again until it says true. Throws after `timeoutMs`, naming what was waited for. */
export async function waitUntil(
  what: string,
  check: () => boolean | Promise<boolean>,
  { timeoutMs = 10_000, everyMs = 50 }: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await check())) {
    if (Date.now() >= deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await sleep(everyMs);
  }
}

/** Whether something accepts TCP connections on this port of loopback. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: loopback, port, timeout: 1_000 });
    const end = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", end(true)).once("error", end(false)).once("timeout", end(false));
  });
}

/** Whether a GET of this URL is answered 200 within a second. */
export async function answers200(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

/**
 * Sends bytes to a port of loopback and collects what comes back until `isWhole` says it is all (by default: at the
 * first bytes). Throws when the peer hangs up before that, or after `timeoutMs`.
 */
export function sendTcp(
  port: number,
  data: string | Uint8Array,
  isWhole: (received: Buffer) => boolean = () => true,
  timeoutMs = 5_000,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const socket = connect({ host: loopback, port }, () => socket.write(data));
    const fail = (why: string) => {
      socket.destroy();
      reject(new Error(`TCP ${loopback}:${port}: ${why} after ${received.length} bytes`));
    };
    const bound = setTimeout(fail, timeoutMs, `no whole answer in ${timeoutMs} ms`);
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (!isWhole(received)) return;
      socket.destroy();
      resolve(received);
    });
    socket.once("end", () => {
      fail("hung up");
    });
    socket.once("error", (error) => {
      fail(error.message);
    });
    socket.once("close", () => {
      clearTimeout(bound);
    });
  });
}
