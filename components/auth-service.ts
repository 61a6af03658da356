import * as pulumi from "@pulumi/pulumi";
import { imageReference } from "../src/model/images";
import { EDGE_AUDIENCE, REALM } from "../src/model/names";
import { SECRET_FILES } from "../src/model/secret-files";
import { authority, httpUrl } from "../src/model/topology";
import { duration } from "../src/model/units";
import type { Cache } from "./cache";
import type { RunningService } from "./host";
import { dataPassword } from "./passwords";
import { keyFile, type ReadKey } from "./read-key";
import { sharedSpec, type ServiceArgs } from "./service";

/** The auth service's own image: where it is built and what it is called. */
export interface AuthImage {
  /** Directory with the Dockerfile and the bundled program. */
  readonly context: string;
  /** Changes with the program. */
  readonly tag: string;
}

export interface AuthServiceArgs extends ServiceArgs {
  readonly image: AuthImage;
  readonly keys: readonly ReadKey[];
  readonly cache: Pick<Cache, "service" | "password">;
  /** As whom it works in Redis. */
  readonly cacheUser: string;
}

/** Decides what Envoy cannot: API keys, service tokens, people's tokens. */
export class AuthService extends pulumi.ComponentResource {
  readonly service: RunningService;

  constructor(name: string, args: AuthServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("atalaya:control:AuthService", name, { service: "auth", image: args.image.tag }, opts);
    const { environment, topology, image, keys, cache } = args;
    const { ports } = topology.services.auth;
    // Every declared key's hash is made with it: as long-lived as they are.
    const pepper = dataPassword(`${name}-pepper`, this);
    const spec = sharedSpec("auth", args, {
      image: { built: `atalaya-${environment.name}-auth:${image.tag}` },
      command: [],
      environment: settings(args),
      readiness: { kind: "http", port: ports.http, path: "/ready", timeout: duration("1m") },
      user: "1000:1000",
      grace: duration("15s"),
    });
    this.service = args.host.run(
      name,
      {
        spec,
        build: {
          context: image.context,
          arguments: { BASE: imageReference("node", environment.imageRegistry) },
        },
        secretFiles: {
          [SECRET_FILES.auth.keys]: keyFile(keys, pepper),
          [SECRET_FILES.auth.pepper]: pepper,
          [SECRET_FILES.auth.cachePassword]: cache.password,
        },
      },
      { parent: this, dependsOn: [cache.service.ready] },
    );
    this.registerOutputs({});
  }
}

/** The names are src/auth/config.ts's; a test holds them against it. */
function settings({
  environment,
  topology: { services, urls },
  cacheUser,
}: AuthServiceArgs): Readonly<Record<string, string>> {
  const { bind, ports, directories } = services.auth;
  const keycloak = `${httpUrl(services.keycloak, "http")}/realms/${REALM}/protocol/openid-connect`;
  return {
    ATALAYA_LISTEN_HOST: bind,
    ATALAYA_LISTEN_PORT: `${ports.http}`,
    ATALAYA_ISSUER: `${urls.keycloak}/realms/${REALM}`,
    ATALAYA_JWKS_URL: `${keycloak}/certs`,
    ATALAYA_TOKEN_URL: `${keycloak}/token`,
    ATALAYA_PASSWORD_GRANT: environment.demonstrationUsers ? "on" : "off",
    ATALAYA_AUDIENCE: EDGE_AUDIENCE,
    ATALAYA_DIRECTORY_FILE: `${directories.live}/tenants.json`,
    ATALAYA_KEYS_FILE: `${directories.secrets}/${SECRET_FILES.auth.keys}`,
    ATALAYA_PEPPER_FILE: `${directories.secrets}/${SECRET_FILES.auth.pepper}`,
    ATALAYA_REDIS_ADDRESSES: authority(services.redis, "redis"),
    ATALAYA_REDIS_USER: cacheUser,
    ATALAYA_REDIS_PASSWORD_FILE: `${directories.secrets}/${SECRET_FILES.auth.cachePassword}`,
    ATALAYA_LOKI_URL: httpUrl(services.loki, "http"),
    // Without addresses: it decides who may, and Envoy knows where.
    ...(environment.upstreams.length > 0 && {
      ATALAYA_UPSTREAMS: JSON.stringify(
        environment.upstreams.map(({ name, path, methods }) => ({ name, path, methods })),
      ),
    }),
    ATALAYA_TRACES_URL: httpUrl(services["alloy-gateway"], "otlpHttp"),
  };
}
