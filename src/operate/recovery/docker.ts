import { z } from "zod";
import { requireEngine } from "../docker/answer";
import { NOT_THERE } from "../docker/containers";
import { docker, lastLine, read, refused } from "../docker/engine";
import { STOPPING_MS } from "../docker/restart";
import type { Found } from "./decide";
import type { DockerPlace } from "./rules";
import type { Server } from "./servers";

const LABELS = z.record(z.string(), z.string()).nullish();
/** Of a container, a network or a volume, what is used here. */
const THING = z.object({
  Id: z.string().optional(),
  Name: z.string(),
  /** A volume's has another name: it is never removed. */
  Created: z.string().optional(),
  Labels: LABELS,
  Config: z.object({ Labels: LABELS }).optional(),
  State: z.object({ Status: z.string(), Health: z.object({ Status: z.string() }).nullish() }).optional(),
});
const INSPECTED = z.array(THING);

/** Docker's engine. Throws OperateError. */
export function dockerServer(): Server<DockerPlace> {
  let engine: Promise<void> | undefined;
  return {
    // What an engine does not have and an engine that is not there are not to be told apart by words alone.
    find: async (place) => {
      await (engine ??= requireEngine());
      return find(place);
    },
    remove,
  };
}

async function find({ kind, name, environment }: DockerPlace): Promise<Found | undefined> {
  const args = [kind, "inspect", name];
  const { code, stdout, stderr } = await docker(args);
  if (code !== 0 && NOT_THERE.test(lastLine(stderr) ?? "")) return undefined;
  if (code !== 0) throw refused(args, code, stderr);
  // It also finds by a piece of an id.
  const found = read(args.join(" "), INSPECTED, stdout).find((one) => one.Name.replace(/^\//, "") === name);
  if (found === undefined) return undefined;
  const labels = found.Labels ?? found.Config?.Labels ?? {};
  return {
    id: found.Id ?? name,
    ours: labels["atalaya.environment"] === environment,
    ...(found.Created !== undefined && { made: new Date(found.Created) }),
    ...(works(found) && { inUse: true }),
  };
}

/** Docker's word for a container without a health check, in some versions, is `none`. */
const works = ({ State }: z.infer<typeof THING>): boolean =>
  State?.Status === "running" && ["healthy", "none"].includes(State.Health?.Status ?? "none");

async function remove({ kind, name }: DockerPlace, id: string): Promise<void> {
  if (kind === "volume") throw new Error(`The volume ${name} holds data: it is never removed.`);
  if (kind === "network") {
    await run(name, "network", "rm", id);
    return;
  }
  // In order, for the sake of a database's data; with nameless volumes, which nobody would find again.
  await run(name, "stop", id);
  await run(name, "rm", "--force", "--volumes", id);
}

/** By the id that was found; a message says the name. */
async function run(name: string, ...args: readonly [...string[], string]): Promise<void> {
  const { code, stderr } = await docker(args, STOPPING_MS);
  const gone = NOT_THERE.test(lastLine(stderr) ?? "");
  if (code !== 0 && !gone)
    throw refused([...args.slice(0, -1).filter((one) => !one.startsWith("-")), name], code, stderr);
}
