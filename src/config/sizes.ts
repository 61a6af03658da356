import type { Environment, Size } from "../model/environment";
import { size } from "../model/units";

const of = (memory: string, cpus: number): Size => ({ memory: size(memory), cpus });

/**
 * What the processes of a small environment need, about three tenants of the default plan. Keycloak's own sizing starts at
 * 1250 MB; the others are room above what an idle process of the pinned version takes.
 */
export const DEFAULT_SIZES: Environment["sizes"] = {
  envoy: of("256MiB", 1),
  auth: of("192MiB", 0.5),
  keycloak: of("1280MiB", 1),
  postgres: of("512MiB", 0.5),
  redis: of("128MiB", 0.25),
  "alloy-gateway": of("1GiB", 1),
  mimir: of("1GiB", 1),
  loki: of("1GiB", 1),
  tempo: of("1GiB", 1),
  grafana: of("512MiB", 0.5),
  agent: of("384MiB", 0.5),
};
