import { z } from "zod";
import { TIMED_OUT } from "../command";
import { OperateError } from "../error";
import { docker, endpoint, lastLine, read } from "./engine";
import type { Finding } from "./finding";

/** An engine that answers, and what it says of itself and its machine. */
export interface Engine {
  /** `unix:///var/run/docker.sock`; undefined where the CLI does not say. */
  readonly host?: string;
  /** `Engine`, `Podman Engine`. */
  readonly product: string;
  /** `28.2.2`. */
  readonly version: string;
  /** `1.50`. */
  readonly api: string;
  /** Of the containers: `linux`, `windows`. */
  readonly os: string;
  /** `Debian GNU/Linux 12 (bookworm)`, `Docker Desktop`. */
  readonly system: string;
  /** Bytes; 0 where it does not say. */
  readonly memory: number;
  readonly limitsMemory: boolean;
  readonly rootless: boolean;
  /** Where it keeps images and volumes, on its own machine. */
  readonly directory: string;
  /** Where its networks' addresses come from; undefined for its own defaults. */
  readonly pools?: readonly Pool[];
}

export interface Pool {
  readonly base: string;
  /** The length of each network's prefix. */
  readonly size: number;
}

export type Answer =
  | { readonly kind: "engine"; readonly engine: Engine }
  | { readonly kind: "no-cli" }
  | { readonly kind: "silent"; readonly host?: string; readonly said: string };

const VERSION = z.object({
  Server: z
    .object({
      Version: z.string(),
      ApiVersion: z.string(),
      Os: z.string(),
      Components: z.array(z.object({ Name: z.string() })).nullish(),
    })
    .nullish(),
});
const INFO = z.object({
  OperatingSystem: z.string().default(""),
  MemTotal: z.number().default(0),
  MemoryLimit: z.boolean().default(true),
  SecurityOptions: z.array(z.string()).nullish(),
  DockerRootDir: z.string().default(""),
  DefaultAddressPools: z.array(z.object({ Base: z.string(), Size: z.number() })).nullish(),
});
const JSON_FORMAT = ["--format", "{{json .}}"] as const;

/** Asks the engine who it is. Throws OperateError where its answer is not understood. */
export async function askEngine(): Promise<Answer> {
  const said = await docker(["version", ...JSON_FORMAT]);
  if (said.missing) return { kind: "no-cli" };
  const host = await endpoint();
  const silent = (stderr: string, code: number): Answer => ({
    kind: "silent",
    ...(host !== undefined && { host }),
    said:
      lastLine(stderr) ??
      (code === TIMED_OUT ? "nothing for half a minute" : `docker ended with exit code ${code}`),
  });
  const server = said.stdout.trim() === "" ? undefined : read("version", VERSION, said.stdout).Server;
  if (said.code !== 0 || server == null) return silent(said.stderr, said.code);
  const { code, stdout, stderr } = await docker(["info", ...JSON_FORMAT]);
  if (code !== 0) return silent(stderr, code);
  const info = read("info", INFO, stdout);
  const pools = info.DefaultAddressPools?.map(({ Base, Size }) => ({ base: Base, size: Size })) ?? [];
  return {
    kind: "engine",
    engine: {
      ...(host !== undefined && { host }),
      product: server.Components?.[0]?.Name ?? "Engine",
      version: server.Version,
      api: server.ApiVersion,
      os: server.Os,
      system: info.OperatingSystem,
      memory: info.MemTotal,
      limitsMemory: info.MemoryLimit,
      rootless: (info.SecurityOptions ?? []).some((option) => option.startsWith("name=rootless")),
      directory: info.DockerRootDir,
      ...(pools.length > 0 && { pools }),
    },
  };
}

/** Why nothing can be asked of an engine. */
export function unanswered(answer: Exclude<Answer, { kind: "engine" }>): Finding {
  switch (answer.kind) {
    case "no-cli":
      return {
        severity: "error",
        what: "There is no docker command on your PATH.",
        remedy:
          "Install Docker Engine (https://docs.docker.com/engine/install/) or Docker Desktop, and open a new terminal.",
      };
    case "silent":
      return { severity: "error", ...silence(answer.host, answer.said) };
    default:
      return answer satisfies never;
  }
}

function silence(host: string | undefined, said: string): Pick<Finding, "what" | "remedy"> {
  const where = host === undefined ? "The Docker engine" : `The Docker engine at ${host}`;
  if (/client version .* is too old/i.test(said))
    return {
      what: `Your docker command is too old for ${host ?? "the engine"}: ${said}`,
      remedy: "Update the Docker CLI.",
    };
  if (/permission denied/i.test(said) && host?.startsWith("unix:") === true)
    return {
      what: `You may not use the Docker engine's socket ${host.slice("unix://".length)}.`,
      remedy:
        'Join its group (who is in it can do all that root can): sudo usermod -aG docker "$USER", then log out and in again.',
    };
  return {
    what: `${where} does not answer: ${said}`,
    remedy: isHere(host)
      ? "Start it: sudo systemctl start docker, or Docker Desktop. If you mean another one: docker context ls, docker context use <name>."
      : "Check DOCKER_HOST and docker context ls, and whether that machine can be reached.",
  };
}

/** Whether an engine of this address runs on this machine, or seems to. */
export function isHere(host: string | undefined): boolean {
  if (host === undefined || /^(unix|npipe|fd):/.test(host)) return true;
  return /^[a-z]+:\/\/([^@/]*@)?(localhost|127\.[\d.]+|\[::1\])(:|\/|$)/.test(host);
}

/** Throws OperateError when there is nobody to ask. */
export async function requireEngine(): Promise<void> {
  const answer = await askEngine();
  if (answer.kind === "engine") return;
  const { what, remedy } = unanswered(answer);
  throw new OperateError(`${what} ${remedy}`);
}
