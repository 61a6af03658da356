import { environmentName, environmentServices } from "../operate/docker/environment";
import { restartService } from "../operate/docker/restart";
import { inStartingOrder, type Service } from "../operate/docker/services";
import { UsageError } from "./errors";
import { CHECKED } from "./health";
import { pick } from "./pick";
import { step } from "./progress";
import { stackOption } from "./stack-command";

export interface RestartOptions {
  readonly stack: string;
}

/** What others notice while a process is away. Agents keep what they could not send on disk, and send it again. */
const MEANWHILE: Readonly<Record<string, string>> = {
  envoy:
    "While Envoy is away senders find no connection: agents and others that queue send again, what does not queue loses what it sends now. Open streams and queries end.",
  auth: "While the auth service is away the edge answers API keys with 503, and senders that queue send again.",
  keycloak:
    "While Keycloak is away nobody gets a new token or logs in; tokens that were given out stay good.",
  postgres: "While PostgreSQL is away Keycloak answers nobody.",
};

/** Restarts processes in place, those first that others need, and waits for each. Returns the exit code. */
export async function restart(names: readonly string[], { stack }: RestartOptions): Promise<number> {
  const environment = environmentName(stack);
  const wanted = wantedOf(names, environment, await environmentServices(environment));
  for (const [index, service] of wanted.entries()) {
    const meanwhile = MEANWHILE[service.name];
    if (meanwhile !== undefined) process.stderr.write(`${meanwhile}\n`);
    let state = "stopping";
    const result = await step(
      `Restarting ${service.name}`,
      () =>
        restartService(service, (seen) => {
          state = seen;
        }),
      () => state,
    );
    if (!result.ready) {
      const left = wanted.slice(index + 1).map(({ name }) => name);
      process.stderr.write(
        `${service.name} is not ready after ${result.seconds} s: ${result.why}. See why: npx atalaya logs ${service.name}${stackOption(environment)}\n`,
      );
      if (left.length > 0) process.stderr.write(`Not restarted: ${left.join(", ")}.\n`);
      return CHECKED.bad;
    }
    process.stdout.write(`${service.name} is ready after ${result.seconds} s.\n`);
  }
  return CHECKED.good;
}

/** Throws UsageError before anything is touched. */
function wantedOf(
  names: readonly string[],
  environment: string,
  services: readonly Service[],
): readonly Service[] {
  const known = Object.fromEntries(services.map((service) => [service.name, service]));
  const wanted = [...new Set(names)].map((name) =>
    pick("service", `the environment ${environment}`, name, known),
  );
  for (const { name, suspended, container } of wanted) {
    if (suspended)
      throw new UsageError(
        `${name} is suspended and stands still on purpose. Set state: active for it in the tenant list, and run: npm run up -- --stack ${environment}`,
      );
    if (container === undefined)
      throw new UsageError(
        `There is no container of ${name} to restart. Make it: npm run refresh -- --stack ${environment}, then npm run up -- --stack ${environment}`,
      );
  }
  return inStartingOrder(wanted);
}
