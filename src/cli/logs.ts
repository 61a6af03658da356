import { attached } from "../operate/command";
import { containers } from "../operate/docker/containers";
import { WITHOUT_SECRETS } from "../operate/docker/engine";
import { environmentName, environmentServices } from "../operate/docker/environment";
import { hostName } from "../model/names";
import { UsageError } from "./errors";
import { pick } from "./pick";

export interface LogsOptions {
  readonly stack: string;
  readonly follow: boolean;
  readonly timestamps: boolean;
  readonly since?: string;
  readonly tail?: string;
}

/** Docker's own log of a process, attached; `envoy.files` is the one of its helper of that name. Returns docker's exit code. */
export async function logs(service: string, options: LogsOptions): Promise<number> {
  const environment = environmentName(options.stack);
  const args = arguments_(options);
  const services = await environmentServices(environment);
  const helpers = service.includes(".") ? await helpersOf(environment) : {};
  const names = Object.fromEntries(
    services.flatMap(({ name, container }) => (container === undefined ? [] : [[name, container.name]])),
  );
  const name = pick("service", `the environment ${environment}`, service, { ...names, ...helpers });
  return attached("docker", ["logs", ...args, name], { env: WITHOUT_SECRETS });
}

/** What delivered a process its files, made its volumes its own, or asks whether it is ready: `envoy.files`. */
async function helpersOf(environment: string): Promise<Readonly<Record<string, string>>> {
  const prefix = hostName(environment, "");
  const found = await containers(environment);
  return Object.fromEntries(
    found
      .filter(({ name }) => name.startsWith(prefix) && name.includes("."))
      .map(({ name }) => [name.slice(prefix.length), name]),
  );
}

function arguments_({ follow, timestamps, since, tail }: LogsOptions): readonly string[] {
  if (tail !== undefined && !/^(\d+|all)$/.test(tail))
    throw new UsageError(`--tail ${tail}: is not a number of lines. Write --tail 100, or --tail all.`);
  if (since !== undefined && !/^(\d{4}-\d\d-\d\d.*|(\d+(\.\d+)?(h|m|s|ms))+|\d+)$/.test(since))
    throw new UsageError(
      `--since ${since}: is no time. Write how long ago it was, such as --since 10m, or when, such as --since 2026-05-31T12:00:00.`,
    );
  return [
    ...(follow ? ["--follow"] : []),
    ...(timestamps ? ["--timestamps"] : []),
    ...(since === undefined ? [] : ["--since", since]),
    ...(tail === undefined ? [] : ["--tail", tail]),
  ];
}
