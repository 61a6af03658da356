import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ClientError } from "../client/error";
import { parseOutputs, type StackOutputs } from "../client/outputs";
import { keptCertificate, quoted } from "./certificate";
import { UsageError } from "./errors";
import { isLabFile, runningLabs } from "./labs";
import { typedPath } from "./load";
import { step } from "./progress";
import { pulumiOutputs } from "./pulumi-outputs";

/** How a command finds the environment that it speaks to. */
export interface TargetOptions {
  readonly stack: string;
  /** A file of the stack's outputs; `-` is standard input. */
  readonly outputs?: string;
  /** The one lab that runs on this machine. */
  readonly lab?: boolean;
}

export interface Target {
  readonly outputs: StackOutputs;
  /** What it is called in a sentence: `stack dev`, `the lab`. */
  readonly name: string;
  /** A lab has no Grafana. */
  readonly isLab: boolean;
  /** The options that find it again, to be shown: ` --lab`. */
  readonly option: string;
  /** Its authority's certificate as curl's --cacert takes it, in a shell. */
  readonly certificate: string;
}

/** Set for what `lab --once` runs. */
const LAB_VARIABLE = "ATALAYA_LAB_OUTPUTS";

/** Finds the environment and reads its outputs. Throws UsageError with a remedy; no message holds a secret. */
export async function target({ stack, outputs, lab = false }: TargetOptions): Promise<Target> {
  if (outputs === "-")
    return {
      ...parsed(readInput(), "standard input"),
      name: "the environment",
      option: " --outputs FILE",
      certificate: "ca.crt",
    };
  if (outputs !== undefined)
    return fromFile(typedPath(outputs), `--outputs ${outputs}`, ` --outputs ${quoted(outputs)}`);
  const inLab = process.env[LAB_VARIABLE] ?? "";
  if (inLab !== "") return fromFile(inLab, `${LAB_VARIABLE} (${inLab})`, "");
  if (lab) return fromFile(await oneLab(), "--lab", " --lab");
  const text = await step(`Reading the outputs of stack ${stack}`, () => pulumiOutputs(stack));
  const read = parsed(text, `stack ${stack}`, "Bring it up to date: ", `npm run up -- --stack ${stack}`);
  return {
    ...read,
    option: ` --stack ${stack}`,
    certificate: keptCertificate(stack, read.outputs.caCertificate),
  };
}

/** The outputs alone. */
export const stackOutputs = async (options: TargetOptions): Promise<StackOutputs> =>
  (await target(options)).outputs;

const PRINTED = "It should hold what this prints: ";
const COMMAND = "pulumi stack output --json --show-secrets";

function fromFile(file: string, called: string, option: string): Target {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "there is no such file" : (code ?? message);
    throw new UsageError(`${called}: cannot be read: ${why}. ${PRINTED}${COMMAND}`, { cause: error });
  }
  const read = { ...parsed(text, called), option, name: `the environment of ${basename(file)}` };
  return isLabFile(file)
    ? { ...read, name: "the lab", isLab: true, certificate: join(dirname(file), "ca.crt") }
    : {
        ...read,
        certificate: `<(node -p 'JSON.parse(fs.readFileSync(process.argv[1])).caCertificate' ${quoted(file)})`,
      };
}

type Read = Pick<Target, "outputs" | "name" | "isLab">;

function parsed(text: string, name: string, remedy = PRINTED, command = COMMAND): Read {
  try {
    return { outputs: parseOutputs(text), name, isLab: false };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    throw new UsageError(`${name}: ${error.message}\n${remedy}${command}`, { cause: error });
  }
}

function readInput(): string {
  if (process.stdin.isTTY)
    throw new UsageError(
      `--outputs -: standard input is your terminal. Say: ${COMMAND} | npx atalaya ... --outputs -`,
    );
  return readFileSync(0, "utf8");
}

async function oneLab(): Promise<string> {
  const found = await runningLabs(portsOf);
  const [only] = found;
  if (only === undefined)
    throw new UsageError(
      "--lab: no lab of yours runs on this machine. Start one in another terminal: npm run lab",
    );
  if (found.length === 1) return only;
  const list = found.map((file) => `  --outputs ${file}`).join("\n");
  throw new UsageError(`--lab: ${found.length} labs run on this machine. Say which:\n${list}`);
}

/** Of a lab that can be asked, all on this machine. None when the file is not whole. */
function portsOf(file: string): readonly number[] {
  try {
    const { endpoints, keycloakUrl } = parseOutputs(readFileSync(file, "utf8"));
    return [endpoints.otlpHttp, `https://${endpoints.otlpGrpc}`, keycloakUrl].map((url) =>
      Number(new URL(url).port),
    );
  } catch {
    return [];
  }
}
