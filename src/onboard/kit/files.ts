import { imageReference } from "../../model/images";
import { SECRET_FILES } from "../../model/secret-files";
import { plain, SECRET_PATHS, type OnboardFile } from "../model";
import { kitConfig, kitName, HOST_ROOT, portsOf, type AgentKit } from "./agent";
import { alloyCommand, readiness } from "./alloy";
import { toCompose, type Mount } from "./compose";
import { isBeside } from "./host";
import { containerPlace, MOUNTED, unitPlace } from "./places";
import { kitReadme } from "./readme";
import { authorities, checkScript, settings } from "./scripts";
import { CONFINED, toUnit } from "./unit";

/** A directory that makes any host an agent of its tenant's. The secret is not in it: it belongs at `secrets/client-secret`. */
export const agentKit = (kit: AgentKit): readonly OnboardFile[] => [
  plain("README.md", kitReadme(kit)),
  plain("config.alloy", kitConfig(kit, containerPlace(kit.host, DATA), hostRootOf(kit))),
  plain("compose.yaml", compose(kit)),
  plain("systemd/config.alloy", kitConfig(kit, unitPlace(kit.host, kitName(kit)))),
  plain(`systemd/${kitName(kit)}.service`, unit(kit)),
  checkScript(),
  settings(kit.host),
  ...authorities(kit.host),
];

/** In the image it is Alloy's user's already, and a new volume takes that over. */
const DATA = "/var/lib/alloy/data";
/** Alloy's in its image. */
const USER = "473:473";

const looksAtHost = ({ agent }: AgentKit): boolean =>
  agent.hostMetrics === true || (agent.fileLogs ?? []).length > 0;
const hostRootOf = (kit: AgentKit): string | undefined => (looksAtHost(kit) ? HOST_ROOT : undefined);

/** What it has to see of the host, read-only, and nothing when it looks at nothing. Never Docker's socket. */
function hostMounts({ agent }: AgentKit): readonly Mount[] {
  const measured = agent.hostMetrics === true ? ["/proc", "/sys"] : [];
  const read = (agent.fileLogs ?? []).map(({ path }) => above(path));
  return [...new Set([...measured, ...read])].sort().map((host) => ({ host, at: `${HOST_ROOT}${host}` }));
}

/** The directory that holds all that a pattern can match: `/var/log` of `/var/log/app-*.log`. */
function above(path: string): string {
  const found = path.replace(/\*.*$/, "").replace(/\/[^/]*$/, "");
  if (found !== "") return found;
  throw new Error(
    `onboard: ${path} would show a container the whole host. Name a directory that holds the files: /var/log/app/*.log`,
  );
}

/** `adm`, which reads /var/log: by its number, the same on Debian, Ubuntu and Fedora, because the image may not know its name. */
const ADM = "4";
const readsFiles = ({ agent }: AgentKit): boolean => (agent.fileLogs ?? []).length > 0;

const compose = (kit: AgentKit): string => {
  const { http, ...ports } = portsOf(kit);
  return toCompose({
    name: kitName(kit),
    image: imageReference("alloy", kit.imageRegistry),
    user: USER,
    ...(readsFiles(kit) && { groups: [ADM] }),
    hostNetwork: isBeside(kit.host),
    command: alloyCommand(`${MOUNTED}/config.alloy`, DATA, `127.0.0.1:${http}`),
    ...(kit.host.keycloakAuthority !== undefined && {
      // Go's own: all of these are looked into. Only Keycloak's certificate needs it.
      environment: { SSL_CERT_DIR: `/etc/ssl/certs:${MOUNTED}` },
    }),
    mounts: [{ volume: "data", at: DATA }, ...hostMounts(kit)],
    scratch: ["/tmp"],
    ports: Object.fromEntries(Object.values(ports).map((port) => [port, port])),
    ...kit.size,
    healthcheck: readiness(http),
    // What is in memory goes to the queue on disk.
    grace: "30s",
  });
};

const unit = (kit: AgentKit): string => {
  const name = kitName(kit);
  const place = unitPlace(kit.host, name);
  const { http } = portsOf(kit);
  const config = `${place.config}/systemd/config.alloy`;
  return toUnit({
    Unit: {
      Description: `Telemetry of tenant ${kit.tenant.id} to ${kit.host.environment} (${kit.agent.id})`,
      Documentation: `file:${place.config}/README.md`,
      Wants: "network-online.target",
      After: "network-online.target",
      StartLimitIntervalSec: "0",
    },
    Service: {
      ExecStart: ["/usr/bin/alloy", ...alloyCommand(config, place.data, `127.0.0.1:${http}`)].join(" "),
      LoadCredential: `${SECRET_FILES.agent.clientSecret}:${place.config}/${SECRET_PATHS.clientSecret}`,
      StateDirectory: name,
      StateDirectoryMode: "0700",
      ...(kit.host.keycloakAuthority !== undefined && {
        Environment: `SSL_CERT_DIR=/etc/ssl/certs:/etc/pki/tls/certs:${place.config}`,
      }),
      Restart: "always",
      RestartSec: "5",
      TimeoutStopSec: "30",
      MemoryMax: `${kit.size.memory}`,
      CPUQuota: `${Math.round(kit.size.cpus * 100)}%`,
      ...(readsFiles(kit) && { SupplementaryGroups: "adm" }),
      ...CONFINED,
    },
    Install: { WantedBy: "multi-user.target" },
  });
};
