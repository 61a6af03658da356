import { loadInputs } from "../config";
import type { Environment } from "../model/environment";
import { inOrder, type Recording } from "../model/recording";
import { hostName } from "../model/names";
import type { Tenant } from "../model/tenant";
import { record } from "../preview/recorder";
import type { Values } from "../preview/computed";
import { declareStack } from "../stack/program";
import { renderStack, type Places, type RenderedStack } from "../stack/render";
import { projectRoot } from "./root";

/** A stack as its files say, before anything is rendered. */
export interface LabInput {
  readonly environment: Environment;
  readonly tenants: readonly Tenant[];
  readonly project: string;
  readonly config: ReadonlyMap<string, string>;
  readonly secretKeys: readonly string[];
}

/** @param tenants file of another list than the stack's own */
export function labInput(stack: string, tenants?: string): LabInput {
  const inputs = loadInputs(projectRoot(), stack, tenants === undefined ? {} : { tenants });
  const { project, config, secretKeys } = inputs.stackConfig;
  return { environment: inputs.environment, tenants: inputs.tenants, project, config, secretKeys };
}

/** An environment as the program declares it for local processes: its rendered files and all of its resources. */
export interface Declared {
  readonly stack: RenderedStack;
  /** Holds real secrets. */
  readonly recording: Recording;
}

export async function declare(input: LabInput, places: Places, values: Values): Promise<Declared> {
  const stack = renderStack(input.environment, input.tenants, places);
  const recording = await record(() => declareStack(stack), {
    project: input.project,
    stack: input.environment.name,
    config: input.config,
    secretConfigKeys: input.secretKeys,
    values,
  });
  return { stack, recording };
}

const CONTAINER = "docker:index/container:Container";

/** What the program runs a service with. */
export interface DeclaredProcess {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The container of a service, as a command and its variables. Throws when there is none. */
export function declaredProcess({ stack, recording }: Declared, service: string): DeclaredProcess {
  const name = hostName(stack.environment.name, service);
  const found = recording.resources.find(({ type, inputs }) => type === CONTAINER && inputs["name"] === name);
  if (found === undefined) throw new Error(`The program runs nothing called ${name}.`);
  const list = (key: string) => (found.inputs[key] ?? []) as readonly string[];
  return {
    command: [...list("entrypoints"), ...list("command")],
    env: Object.fromEntries(
      list("envs").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    ),
  };
}

/** Files that one writer puts in place together. */
export interface Delivery {
  /** The writer's name: `envoy-files`. */
  readonly name: string;
  /** Which hold these files and no others. */
  readonly directories: readonly string[];
  readonly mode: number;
  readonly files: readonly { readonly target: string; readonly content: string }[];
}

/** All files of an environment, secret ones included, in the order in which the program lets them be written. */
export const deliveries = ({ recording }: Declared): readonly Delivery[] =>
  inOrder(recording.resources).flatMap(({ type, name, inputs }) => {
    const uploads = inputs["uploads"] as
      readonly { readonly file: string; readonly content: string }[] | undefined;
    if (type !== CONTAINER || uploads === undefined) return [];
    const [, mode = "0400", ...directories] = inputs["command"] as readonly string[];
    return [
      {
        name,
        directories,
        mode: Number.parseInt(mode, 8),
        files: uploads.map(({ file, content }) => ({ target: file, content })),
      },
    ];
  });
