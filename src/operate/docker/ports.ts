import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { capture } from "../command";
import type { Container } from "./containers";
import type { Published } from "./needs";

/** A port that cannot be had here. */
export interface Listener extends Published {
  /** Somebody has it, this machine has no such address, or only root may open it (which the engine may be). */
  readonly problem: "taken" | "no-such-address";
  /** `nginx (process 812)`, where that can be seen. */
  readonly process?: string;
}

/** Which of these ports cannot be opened on this machine, and why. */
export async function listeners(wanted: readonly Published[]): Promise<readonly Listener[]> {
  const found: Listener[] = [];
  for (const published of wanted) {
    const code = await open(published.address, published.port);
    if (code === "EADDRINUSE") {
      const process = await processAt(published.port);
      found.push({ ...published, problem: "taken", ...(process !== undefined && { process }) });
    } else if (code === "EADDRNOTAVAIL") found.push({ ...published, problem: "no-such-address" });
  }
  return found;
}

/** Opens a port and closes it again; returns the error's code. */
const open = (host: string, port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => {
        resolve(undefined);
      });
    });
  });

/** Only root sees other users' processes. */
async function processAt(port: number): Promise<string | undefined> {
  if (process.platform === "linux") return processInProc(port);
  const { code, stdout } = await capture("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"], {
    timeoutMs: 5_000,
  });
  const [, id] = /^p(\d+)$/m.exec(stdout) ?? [];
  const [, name] = /^c(.+)$/m.exec(stdout) ?? [];
  return code === 0 && id !== undefined ? `${name ?? "a program"} (process ${id})` : undefined;
}

const LISTENING = "0A";

function processInProc(port: number): string | undefined {
  const inodes = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) => inodesAt(file, port)));
  const id = numbered("/proc").find((candidate) =>
    numbered(`/proc/${candidate}/fd`).some((descriptor) => inodes.has(inodeOf(candidate, descriptor))),
  );
  return id === undefined ? undefined : `${text(`/proc/${id}/comm`).trim()} (process ${id})`;
}

/** Sockets that listen on a port: `sl local_address rem_address st ... inode`, in hexadecimal. */
function inodesAt(file: string, port: number): readonly string[] {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return text(file)
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(local) === true && fields[3] === LISTENING)
    .flatMap((fields) => fields[9] ?? []);
}

const inodeOf = (id: string, descriptor: string): string => {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${id}/fd/${descriptor}`))?.[1] ?? "";
  } catch {
    return "";
  }
};

function numbered(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => /^\d+$/.test(name));
  } catch {
    // Another user's, or gone.
    return [];
  }
}

function text(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

const ANY: readonly string[] = ["0.0.0.0", "::"];

/** Whether a container has a port already, on the same address or on all of them. */
export const holds = ({ published }: Container, wanted: Published): boolean =>
  published.some(
    ({ address, port }) =>
      port === wanted.port &&
      (address === wanted.address || ANY.includes(address) || ANY.includes(wanted.address)),
  );
