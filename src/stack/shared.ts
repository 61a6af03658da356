import type * as pulumi from "@pulumi/pulumi";
import { AuthService, type AuthImage } from "../../components/auth-service";
import { Cache } from "../../components/cache";
import { Collector } from "../../components/collector";
import { Dashboards, grafanaClientSecret } from "../../components/dashboards";
import { Database } from "../../components/database";
import { DockerHost } from "../../components/docker/host";
import { StoppedDockerHost } from "../../components/docker/stopped-host";
import { Gateway } from "../../components/gateway";
import type { Host, RunningService } from "../../components/host";
import { Identity } from "../../components/identity";
import { LogsBackend } from "../../components/logs-backend";
import { MetricsBackend } from "../../components/metrics-backend";
import { Operators } from "../../components/operators";
import { Realm } from "../../components/realm";
import type { ReadKey } from "../../components/read-key";
import type { ServiceArgs } from "../../components/service";
import { TracesBackend } from "../../components/traces-backend";
import type { Tenant } from "../model/tenant";
import { REDIS_PROBE_USER, REDIS_USER, redisUsers } from "../render/redis";
import type { RenderedStack } from "./render";

export interface EnvironmentInput extends RenderedStack {
  readonly authImage: AuthImage;
  /** A configuration secret of the stack by its key. */
  readonly secret: (key: string) => pulumi.Output<string>;
  /** Nothing runs, and what holds data stays. */
  readonly stopped?: boolean;
}

/** What all tenants share. */
export interface Shared {
  readonly gateway: Gateway;
  readonly identity: Identity;
  readonly realm: Realm;
  readonly dashboards: Dashboards;
  readonly operators: Operators;
  readonly grafanaClientSecret: pulumi.Output<string>;
  /** The live files of everything that decides or limits: once they are in place, what they do not name is refused. */
  readonly isolation: readonly pulumi.Resource[];
  /** The keys are known, and what checks them answers. */
  readonly readable: readonly pulumi.Resource[];
}

/** What there is before the shared processes. */
export interface Before {
  readonly host: Host;
  readonly keys: readonly ReadKey[];
  /** Agents that do not send. */
  readonly stopped: readonly RunningService[];
}

/** The shared processes, each after what it needs. Components are named after their services. */
export function defineShared(input: EnvironmentInput, { host, keys, stopped }: Before): Shared {
  const { environment, topology, files, tenants, authImage, secret } = input;
  const args: ServiceArgs = { host, environment, topology, files };
  const backends = [
    new MetricsBackend("mimir", args).service,
    new LogsBackend("loki", args).service,
    new TracesBackend("tempo", args).service,
  ];
  const collector = new Collector("alloy-gateway", { ...args, backends }).service;
  const cache = new Cache("redis", { ...args, users: redisUsers, probeUser: REDIS_PROBE_USER });
  const auth = new AuthService("auth", {
    ...args,
    ...{ image: authImage, keys, cache, cacheUser: REDIS_USER },
  }).service;
  const gateway = new Gateway("envoy", { ...args, upstreams: [...backends, collector, auth], stopped });
  const identity = new Identity("keycloak", { ...args, database: new Database("postgres", args) });
  const clientSecret = grafanaClientSecret("grafana-client-secret");
  const realm = new Realm("realm", {
    identity,
    environment,
    topology,
    scopes: scopesOf(tenants),
    grafanaClientSecret: clientSecret,
    secret,
  });
  const dashboards = new Dashboards("grafana", {
    ...args,
    oauthClientSecret: clientSecret,
  });
  return {
    gateway,
    identity,
    realm,
    dashboards,
    operators: new Operators("operators", dashboards.context),
    grafanaClientSecret: clientSecret,
    isolation: [...backends, auth, gateway.service].flatMap(({ live }) => live),
    readable: [...auth.live, gateway.service.ready],
  };
}

const scopesOf = (tenants: readonly Tenant[]): readonly string[] =>
  [...new Set(tenants.flatMap(({ services }) => services.flatMap(({ scopes }) => scopes)))].sort();

export function hostOf({ environment, stopped }: EnvironmentInput): Host {
  switch (environment.host) {
    case "docker":
      return stopped === true
        ? new StoppedDockerHost("docker", environment)
        : new DockerHost("docker", environment);
    case "kubernetes":
      throw new Error("The host kubernetes is not available yet: set atalaya:host to docker.");
    default:
      return environment.host satisfies never;
  }
}
