import { hostName } from "../../model/names";
import { SERVICE_ZONES, SHARED_SERVICES, type SharedService } from "../../model/services";
import type { Container } from "./containers";

/** A process of an environment and those of its helpers that stay or stayed. */
export interface Service {
  readonly name: string;
  readonly zone: string;
  /** Of a tenant, not shared. */
  readonly agent: boolean;
  /** Its tenant or agent is suspended, so it stands still on purpose. */
  readonly suspended: boolean;
  /** Undefined where it is not there although its helpers, or others of the environment, are. */
  readonly container?: Container;
  /** Asks it from outside whether it is ready, where it cannot ask itself. */
  readonly probe?: Container;
}

const SHARED: readonly string[] = SHARED_SERVICES;

/** Each after those that it needs to become ready. */
const STARTING: Readonly<Record<SharedService, number>> = {
  postgres: 1,
  redis: 1,
  mimir: 1,
  loki: 1,
  tempo: 1,
  keycloak: 2,
  auth: 3,
  "alloy-gateway": 3,
  envoy: 4,
  grafana: 5,
};
const AGENT = 6;

/** In the order in which they can be started. */
export const inStartingOrder = (services: readonly Service[]): readonly Service[] =>
  [...services].sort((a, b) => startingRank(a) - startingRank(b));

const startingRank = ({ name }: Service): number =>
  (STARTING as Readonly<Record<string, number>>)[name] ?? AGENT;

/** The processes that these containers of an environment are, or belong to: the shared ones first, each by name. */
export function servicesOf(environment: string, found: readonly Container[]): readonly Service[] {
  if (found.length === 0) return [];
  const byName = new Map(found.map((container) => [container.name, container]));
  const names = new Set([...SHARED, ...found.flatMap(({ labels }) => labels["atalaya.service"] ?? [])]);
  return [...names]
    .map((name): Service => {
      const container = byName.get(hostName(environment, name));
      const probe = byName.get(probeName(environment, name));
      const helper = found.find(({ labels }) => labels["atalaya.service"] === name);
      return {
        name,
        zone: (container ?? helper)?.labels["atalaya.zone"] ?? sharedZone(name),
        agent: !SHARED.includes(name),
        suspended: container?.labels["atalaya.state"] === "stopped",
        ...(container !== undefined && { container }),
        ...(probe !== undefined && { probe }),
      };
    })
    .sort((a, b) => Number(a.agent) - Number(b.agent) || (a.name < b.name ? -1 : 1));
}

const sharedZone = (name: string): string =>
  (SERVICE_ZONES as Readonly<Record<string, readonly string[]>>)[name]?.[0] ?? "";

/** As components/docker/readiness.ts calls it. */
export const probeName = (environment: string, service: string): string =>
  `${hostName(environment, service)}.ready`;

/** Whether the process is ready, in Docker's words; `unknown` where its probe does not run; undefined where nobody asks. */
export function healthOf({ container, probe }: Service): string | undefined {
  if (container?.state !== "running") return undefined;
  if (probe === undefined) return container.health;
  return probe.state === "running" ? (probe.health ?? "unknown") : "unknown";
}

/** What is wrong with a process, or undefined. One that is still starting is as it should be. */
export function wrongWith(service: Service): string | undefined {
  const { container, suspended } = service;
  if (container === undefined) return "there is no container";
  if (suspended) return container.state === "running" ? "runs although its agent is suspended" : undefined;
  if (container.state !== "running") return stoppedAs(container);
  const health = healthOf(service);
  return health === "unhealthy" || health === "unknown" ? `its health is ${health}` : undefined;
}

/** `exited with code 137, out of memory`. */
function stoppedAs({ state, exitCode, outOfMemory }: Container): string {
  const killed = outOfMemory ? ", out of memory" : "";
  if (state === "exited") return `exited with code ${exitCode}${killed}`;
  if (state === "restarting") return `starts again and again, last exit code ${exitCode}${killed}`;
  return state === "created" ? "was never started" : `is ${state}`;
}
