import { z } from "zod";
import { printable } from "../printable";
import { ask, docker, lines, read, refused } from "./engine";

/** A port of the engine's machine that leads to a container. */
export interface PublishedPort {
  readonly address: string;
  readonly port: number;
  readonly internal: number;
}

/** Docker's own words: `created`, `running`, `paused`, `restarting`, `removing`, `exited`, `dead`. */
export interface Container {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: string;
  readonly exitCode: number;
  /** Docker's own words: `starting`, `healthy`, `unhealthy`; undefined where nothing asks it. */
  readonly health?: string;
  /** What the last health check printed. */
  readonly healthSaid?: string;
  /** When it began to be as it is; undefined where it never ran. */
  readonly since?: Date;
  /** How often Docker started it again by itself. */
  readonly restarts: number;
  readonly outOfMemory: boolean;
  /** Seconds that its health check gives it to become ready. */
  readonly patience: number;
  /** Of a running one. */
  readonly published: readonly PublishedPort[];
}

const BINDINGS = z.record(
  z.string(),
  z.array(z.object({ HostIp: z.string(), HostPort: z.string() })).nullable(),
);
/** Of what an engine says of a container, what is used here; null and absent are the same in Docker's JSON. */
const CONTAINER = z.object({
  Id: z.string(),
  Name: z.string(),
  RestartCount: z.number().default(0),
  State: z.object({
    Status: z.string(),
    ExitCode: z.number(),
    OOMKilled: z.boolean().default(false),
    StartedAt: z.string(),
    FinishedAt: z.string(),
    Health: z
      .object({
        Status: z.string(),
        Log: z.array(z.object({ Output: z.string().default("") })).nullish(),
      })
      .nullish(),
  }),
  Config: z.object({
    Image: z.string(),
    Labels: z.record(z.string(), z.string()).nullish(),
    // Nanoseconds.
    Healthcheck: z.object({ StartPeriod: z.number().default(0) }).nullish(),
  }),
  NetworkSettings: z.object({ Ports: BINDINGS.nullish() }),
});

const NANOSECONDS = 1e9;

type Raw = z.infer<typeof CONTAINER>;

/** Docker's word for "never": Go's zero time. */
const NEVER = "0001-01-01T00:00:00Z";

function containerOf({ Id, Name, RestartCount, State, Config, NetworkSettings }: Raw): Container {
  const changed = State.Status === "running" ? State.StartedAt : State.FinishedAt;
  const { Health } = State;
  // Docker's word for a container without a health check, in some versions.
  const health = Health == null || Health.Status === "none" ? undefined : Health;
  const said = lines(health?.Log?.at(-1)?.Output ?? "")
    .map(printable)
    .join("\n");
  return {
    id: Id,
    name: Name.replace(/^\//, ""),
    image: Config.Image,
    labels: Config.Labels ?? {},
    state: State.Status,
    exitCode: State.ExitCode,
    ...(health !== undefined && { health: health.Status }),
    ...(said !== "" && { healthSaid: said }),
    ...(changed !== NEVER && { since: new Date(changed) }),
    restarts: RestartCount,
    outOfMemory: State.OOMKilled,
    patience: (Config.Healthcheck?.StartPeriod ?? 0) / NANOSECONDS,
    published: publishedOf(NetworkSettings.Ports ?? {}),
  };
}

const publishedOf = (ports: z.infer<typeof BINDINGS>): readonly PublishedPort[] =>
  Object.entries(ports)
    .filter(([internal]) => !/\/(udp|sctp)$/.test(internal))
    .flatMap(([internal, bindings]) =>
      (bindings ?? []).map(({ HostIp, HostPort }) => ({
        address: HostIp === "" ? "0.0.0.0" : HostIp,
        port: Number(HostPort),
        internal: Number.parseInt(internal, 10),
      })),
    )
    .sort((a, b) => a.port - b.port || (a.address < b.address ? -1 : 1));

/** All containers of the engine, or of an environment, running or not, sorted by name. Throws OperateError. */
export async function containers(environment?: string): Promise<readonly Container[]> {
  const filter = environment === undefined ? [] : ["--filter", `label=atalaya.environment=${environment}`];
  const ids = lines(await ask("ps", "--all", "--quiet", "--no-trunc", ...filter));
  return inspectContainers(ids);
}

/** Those of these that are still there, by id or name. Throws OperateError. */
export async function inspectContainers(ids: readonly string[]): Promise<readonly Container[]> {
  const found = await inspect("container", z.array(CONTAINER), ids);
  return found.map(containerOf).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What an engine says of a thing that it does not have. What cannot be reached says "no such host" and "not found" as well. */
export const NOT_THERE = /no such (container|volume|network|object)\b|network .+ not found/i;

/** What Docker says of each that is still there: between the list and the question, one may have gone. Throws OperateError. */
export async function inspect<T>(
  kind: "container" | "network" | "volume",
  schema: z.ZodType<T[]>,
  ids: readonly string[],
): Promise<readonly T[]> {
  if (ids.length === 0) return [];
  const args = [kind, "inspect", ...ids];
  const { code, stdout, stderr } = await docker(args);
  if (code !== 0 && !lines(stderr).every((line) => NOT_THERE.test(line))) throw refused(args, code, stderr);
  return read(`${kind} inspect`, schema, stdout);
}
