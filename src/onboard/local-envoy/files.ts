import { imageReference } from "../../model/images";
import { SECRET_FILES } from "../../model/secret-files";
import { plain, SECRET_PATHS, SIGNALS, type OnboardFile, type Shipper } from "../model";
import { toCompose } from "../kit/compose";
import { isBeside, type KitHost } from "../kit/host";
import { containerPlace, isSeenByUnit, MOUNTED, MOVE, unitPlace } from "../kit/places";
import { authorities, checkScript, settings } from "../kit/scripts";
import { CONFINED, toUnit } from "../kit/unit";
import { envoyYaml, portOf, sdsYaml } from "./envoy";
import { LOCAL_MEMORY, type EnvoyPlace } from "./setting";

export interface EnvoyOptions {
  /** Registry mirror for its image. */
  readonly imageRegistry?: string;
}

/** The unit's, the container's name: `atalaya-local-envoy-agent-mx`. */
const nameOf = ({ clientId }: KitHost): string => `atalaya-local-envoy-${clientId}`;

/** A directory: an Envoy that adds the agent's token for programs that cannot. The secret belongs at `secrets/client-secret`. */
export function localEnvoy(host: KitHost, { imageRegistry }: EnvoyOptions = {}): readonly OnboardFile[] {
  const [container, unit] = [inContainer(host), asUnit(host)];
  return [
    plain("envoy.yaml", envoyYaml(host, container)),
    plain("sds.yaml", sdsYaml(container)),
    plain("compose.yaml", compose(host, imageRegistry)),
    plain("systemd/envoy.yaml", envoyYaml(host, unit)),
    plain("systemd/sds.yaml", sdsYaml(unit)),
    plain(`systemd/${nameOf(host)}.service`, unitFile(host)),
    checkScript(),
    settings(host, { ATALAYA_SECRET_EXACT: "yes" }),
    ...authorities(host),
  ];
}

const inContainer = (host: KitHost): EnvoyPlace => ({
  ...containerPlace(host, "/tmp"),
  sds: `${MOUNTED}/sds.yaml`,
  adminSocket: "/tmp/admin.sock",
  systemAuthorities: DEBIAN,
});

/** Where Debian, Ubuntu and Envoy's image have them; Fedora and its kin link it. */
const DEBIAN = "/etc/ssl/certs/ca-certificates.crt";

const asUnit = (host: KitHost): EnvoyPlace => {
  const place = unitPlace(host, nameOf(host));
  return {
    ...place,
    sds: `${place.config}/systemd/sds.yaml`,
    adminSocket: `/run/${nameOf(host)}/admin.sock`,
    systemAuthorities: DEBIAN,
  };
};

/** Not `--hot-restart`'s shared memory, which two of them on a host would share. */
const command = (config: string): readonly string[] => [
  "-c",
  config,
  "--concurrency",
  "2",
  "--disable-hot-restart",
  "-l",
  "warning",
];

const compose = (host: KitHost, mirror: string | undefined): string => {
  const ports = [portOf("otlpGrpc", host), portOf("otlpHttp", host)];
  return toCompose({
    name: nameOf(host),
    image: imageReference("envoy", mirror),
    user: "65532:65532",
    command: command(`${MOUNTED}/envoy.yaml`),
    scratch: ["/tmp:mode=1777"],
    hostNetwork: isBeside(host),
    ports: Object.fromEntries(ports.map((port) => [port, port])),
    memory: LOCAL_MEMORY,
    cpus: 1,
  });
};

const unitFile = (host: KitHost): string => {
  const place = asUnit(host);
  return toUnit({
    Unit: {
      Description: `Adds the token of ${host.clientId} to what this host sends to ${host.environment}`,
      Documentation: `file:${place.config}/README.md`,
      Wants: "network-online.target",
      After: "network-online.target",
      StartLimitIntervalSec: "0",
    },
    Service: {
      ExecStart: ["/usr/bin/envoy", ...command(`${place.config}/systemd/envoy.yaml`)].join(" "),
      LoadCredential: `${SECRET_FILES.agent.clientSecret}:${place.config}/${SECRET_PATHS.clientSecret}`,
      RuntimeDirectory: nameOf(host),
      RuntimeDirectoryMode: "0700",
      Restart: "always",
      RestartSec: "5",
      MemoryMax: `${LOCAL_MEMORY}`,
      ...CONFINED,
    },
    Install: { WantedBy: "multi-user.target" },
  });
};

/** `--shipper local-envoy`: for programs that can neither fetch a token nor read one from a file. */
export const localEnvoyShipper: Shipper = {
  title: "Envoy on this host, which adds the token",
  signals: SIGNALS,
  credential: "clientSecret",
  ownUser: true,
  main: "envoy.yaml",
  files: (onboarding) => localEnvoy(onboarding).filter(({ path }) => path !== "ca.crt"),
  guide: (host) => {
    const [grpc, http] = [portOf("otlpGrpc", host), portOf("otlpHttp", host)];
    return {
      install: `Docker with Compose 2; or Envoy 1.40 at \`/usr/bin/envoy\`, systemd 247${isSeenByUnit(host) ? ` and this directory at \`${host.directory}\`` : ""}. \`./check.sh\` says in words what is wrong from this host.`,
      start: isSeenByUnit(host)
        ? `docker compose up -d    # or: sudo systemctl enable --now ${host.directory}/systemd/${nameOf(host)}.service`
        : `docker compose up -d    # ${MOVE}`,
      refused:
        "It holds nothing: a program that is answered 429 or 503 (gRPC: UNAVAILABLE) must have a queue of its own and try again. Without a token, or when the edge does not take the one it has, it answers 503, never 401.",
      notes: [
        `Programs send, without a credential: OTLP to \`127.0.0.1:${grpc}\` (gRPC, plain) or \`http://127.0.0.1:${http}\`, Loki's push to \`http://127.0.0.1:${http}/loki/api/v1/push\`, remote write to \`http://127.0.0.1:${http}/prometheus/api/v1/push\`. Credentials and tenants that they send are taken off; every other path is 404.`,
        "With Docker `secrets/client-secret` belongs to Envoy's user (`sudo chown 65532:65532 secrets/client-secret`), with systemd to root. It has no line's end: Envoy would send it too.",
        "A new secret is taken with the next start. For the first seconds after a start there is no token and programs are told 503.",
        "Envoy calls this way to fetch tokens work in progress: it is for programs of this host, so it listens on loopback alone, and so it should stay.",
        "Its admin interface is a socket of its own user's: `sudo curl --unix-socket /run/" +
          `${nameOf(host)}/admin.sock http://envoy/stats/prometheus\`.`,
      ],
    };
  },
};
