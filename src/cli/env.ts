import { delimiter } from "node:path";
import { loadStackConfig } from "../config";
import { dockerHost } from "../operate/docker/engine";
import { variablesFor, type Variables } from "../operate/pulumi/backend";
import { presentCli, type Cli } from "../operate/pulumi/cli";
import { homePath, prepareHome } from "../operate/pulumi/home";
import { decideFor, isMissingHere } from "../operate/pulumi/stack";
import { STOPPED } from "../stack/program";
import { quoted } from "./certificate";
import { EXIT } from "./errors";
import { projectRoot } from "./load";
import { npmOption } from "./stack-command";

export interface EnvOptions {
  readonly stack: string;
}

/** Prints what a shell evaluates, so that plain `pulumi` finds what our commands find. Returns the exit code. */
export async function env({ stack }: EnvOptions): Promise<number> {
  const root = projectRoot();
  // A name that is none, or a file that cannot be read, is said before anything is decided by it.
  loadStackConfig(root, stack);
  const decided = decideFor({ stack, root });
  const host = await dockerHost();
  const cli = await presentCli({ variables: process.env });
  // What is named is there: the CLI makes neither.
  if (decided.backend.kind === "ours")
    prepareHome(homePath(process.env), { passphrase: decided.encryption.kind === "file" });
  const variables = {
    ...variablesFor(decided, process.env),
    ...(host !== undefined && { DOCKER_HOST: host }),
    [STOPPED]: undefined,
  };
  process.stdout.write(
    exported(variables) + onPath(cli) + remarks(stack, { cli, isMissing: isMissingHere(decided, stack) }),
  );
  return EXIT.good;
}

/** Lines for sh; a variable that is undefined is taken away. */
export const exported = (variables: Variables): string =>
  Object.entries(variables)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === undefined ? `unset ${name}\n` : `export ${name}=${quoted(value)}\n`))
    .join("");

/** The shell's own PATH, not the one that npx gives. */
const onPath = (cli: Cli | undefined): string =>
  cli?.directory === undefined ? "" : `export PATH=${quoted(cli.directory)}${delimiter}"$PATH"\n`;

interface Present {
  readonly cli: Cli | undefined;
  readonly isMissing: boolean;
}

/** What a variable cannot say; a shell takes it for nothing. */
function remarks(stack: string, { cli, isMissing }: Present): string {
  const bringUp = `npm run up${npmOption(stack)}`;
  return [
    ...(cli === undefined ? [`The Pulumi CLI is not here yet: ${bringUp} brings it.`] : []),
    ...(isMissing ? [`There is no stack ${stack} yet: ${bringUp} makes it.`] : []),
    `Plain pulumi does not judge by the policies unless it is told to: pulumi up --stack ${stack} --policy-pack policies`,
  ]
    .map((line) => `# ${line}\n`)
    .join("");
}
