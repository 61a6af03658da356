import { z } from "zod";
import { docker, lastLine, read, refused } from "../docker/engine";
import type { Found } from "./decide";
import type { DockerPlace } from "./rules";
import type { Server } from "./servers";

/** Milliseconds. A container has a time of its own to stop in. */
const TIMEOUT_MS = 120_000;

const LABELS = z.record(z.string(), z.string()).nullish();
/** Of a container, a network or a volume, what is used here. */
const INSPECTED = z.array(
  z.object({
    Id: z.string().optional(),
    Name: z.string(),
    Labels: LABELS,
    Config: z.object({ Labels: LABELS }).optional(),
  }),
);

/** Docker's engine. Throws OperateError. */
export const dockerServer: Server<DockerPlace> = { find, remove };

async function find({ kind, name, environment }: DockerPlace): Promise<Found | undefined> {
  const args = [kind, "inspect", name];
  const { code, stdout, stderr } = await docker(args);
  if (code !== 0 && /no such|not found/i.test(lastLine(stderr) ?? "")) return undefined;
  if (code !== 0) throw refused(args, code, stderr);
  // It also finds by a piece of an id.
  const found = read(args.join(" "), INSPECTED, stdout).find((one) => one.Name.replace(/^\//, "") === name);
  if (found === undefined) return undefined;
  const labels = found.Labels ?? found.Config?.Labels ?? {};
  return { id: found.Id ?? name, ours: labels["atalaya.environment"] === environment };
}

async function remove({ kind }: DockerPlace, id: string): Promise<void> {
  if (kind === "volume") throw new Error(`The volume ${id} holds data: it is never removed.`);
  // In order, for the sake of a database's data; with nameless volumes, which nobody would find again.
  if (kind === "container") await run("stop", id);
  await run(...(kind === "container" ? ["rm", "--force", "--volumes", id] : [kind, "rm", id]));
}

async function run(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await docker(args, TIMEOUT_MS);
  const gone = /no such|not found/i.test(lastLine(stderr) ?? "");
  if (code !== 0 && !gone) throw refused(args, code, stderr);
}
