import { dockerHost } from "../operate/docker/engine";
import { variablesFor } from "../operate/pulumi/backend";
import { homePath, prepareHome } from "../operate/pulumi/home";
import { decideFor } from "../operate/pulumi/stack";
import { quoted } from "./certificate";
import { EXIT } from "./errors";
import { projectRoot } from "./load";

export interface EnvOptions {
  readonly stack: string;
}

/** Prints what a shell evaluates, so that plain `pulumi` finds what our commands find. Returns the exit code. */
export async function env({ stack }: EnvOptions): Promise<number> {
  const decided = decideFor({ stack, root: projectRoot() });
  // What is named is there: the CLI makes neither.
  if (decided.backend.kind === "ours")
    prepareHome(homePath(process.env), { passphrase: decided.encryption.kind === "file" });
  const host = await dockerHost();
  const variables = {
    ...variablesFor(decided, process.env),
    ...(host !== undefined && { DOCKER_HOST: host }),
  };
  process.stdout.write(exported(variables));
  return EXIT.good;
}

/** Lines for sh; a variable that is undefined is taken away. */
export const exported = (variables: Readonly<Record<string, string | undefined>>): string =>
  Object.entries(variables)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === undefined ? `unset ${name}\n` : `export ${name}=${quoted(value)}\n`))
    .join("");
