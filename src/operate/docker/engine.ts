import { z } from "zod";
import { capture, TIMED_OUT, type Captured } from "../command";
import { OperateError } from "../error";

/** What the Docker CLI speaks to unless it was told otherwise. */
const DEFAULT_HOSTS: readonly string[] = ["unix:///var/run/docker.sock", "npipe:////./pipe/docker_engine"];
/** Milliseconds in which an engine that is well has answered anything that is asked here. */
const TIMEOUT_MS = 30_000;

/** What is Pulumi's alone: neither the Docker CLI nor its plugins and credential helpers are to find it. */
export const WITHOUT_SECRETS = { PULUMI_CONFIG_PASSPHRASE: undefined, PULUMI_ACCESS_TOKEN: undefined };

/** Runs the Docker CLI, which finds its engine as it does for its user: by DOCKER_HOST, DOCKER_CONTEXT or its current context. */
export const docker = (args: readonly string[], timeoutMs = TIMEOUT_MS): Promise<Captured> =>
  capture("docker", args, { timeoutMs, env: WITHOUT_SECRETS });

/** What the Docker CLI answers to a question that it must be able to answer. Throws OperateError. */
export async function ask(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await docker(args);
  if (code !== 0) throw refused(args, code, stderr);
  return stdout;
}

export function refused(args: readonly string[], code: number, stderr: string): OperateError {
  const command = `docker ${args.slice(0, 3).join(" ")}${args.length > 3 ? " ..." : ""}`;
  if (code === TIMED_OUT)
    return new OperateError(
      `The Docker engine has not done \`${command}\` in time. If docker ps does not answer either, restart it.`,
    );
  return new OperateError(`\`${command}\` failed: ${lastLine(stderr) ?? `exit code ${code}`}`);
}

export const lines = (text: string): readonly string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

export const lastLine = (text: string): string | undefined => lines(text).at(-1);

/** Reads what Docker printed as JSON; fields that it has beside are its own. Throws OperateError. */
export function read<T>(what: string, schema: z.ZodType<T>, text: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new OperateError(
      `\`docker ${what}\` printed no JSON: ${lines(text)[0]?.slice(0, 200) ?? "nothing"}`,
    );
  }
  const { success, data, error } = schema.safeParse(json);
  if (success) return data;
  const [issue] = error.issues;
  throw new OperateError(
    `\`docker ${what}\` is not understood: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}. Update the Docker CLI and engine.`,
  );
}

const CONTEXTS = z.tuple([z.object({ Endpoints: z.object({ docker: z.object({ Host: z.string() }) }) })]);

/** Where the Docker CLI's engine is, `unix:///var/run/docker.sock`; undefined where there is no CLI or it does not know. */
export async function endpoint(): Promise<string | undefined> {
  const set = process.env["DOCKER_HOST"] ?? "";
  // As the CLI decides it: the variable wins over a context.
  if (set !== "") return set;
  const { code, stdout } = await docker(["context", "inspect"]);
  if (code !== 0 || stdout.trim() === "") return undefined;
  return read("context inspect", CONTEXTS, stdout)[0].Endpoints.docker.Host;
}

/**
 * What to set DOCKER_HOST to for programs that read no contexts, as Pulumi's provider; undefined when it is set already, or the
 * default will do.
 */
export async function dockerHost(): Promise<string | undefined> {
  if ((process.env["DOCKER_HOST"] ?? "") !== "") return undefined;
  const host = await endpoint();
  return host === undefined || DEFAULT_HOSTS.includes(host) ? undefined : host;
}
