import { OperateError } from "../error";
import { requireEngine } from "./answer";
import { containers } from "./containers";
import { ask, lines } from "./engine";
import { servicesOf, type Service } from "./services";

/** An environment is called as its stack is, without organisation and project. */
export const environmentName = (stack: string): string => stack.slice(stack.lastIndexOf("/") + 1);

/** The processes of an environment. Throws OperateError where there is no engine to ask, or none of them on it. */
export async function environmentServices(environment: string): Promise<readonly Service[]> {
  await requireEngine();
  const services = servicesOf(environment, await containers(environment));
  if (services.length > 0) return services;
  const bringUp = `npm run up -- --stack ${environment}`;
  const volumes = lines(
    await ask("volume", "ls", "--quiet", "--filter", `label=atalaya.environment=${environment}`),
  );
  throw new OperateError(
    volumes.length > 0
      ? `The environment ${environment} does not run: of it, Docker has ${volumes.length} volume${volumes.length === 1 ? "" : "s"} and no container. Bring it up again: ${bringUp}`
      : `Docker knows no environment ${environment} here. Bring it up: ${bringUp}. If it runs on another machine, choose its engine: docker context use <name>, or DOCKER_HOST.`,
  );
}
