import { AUTHORITY_PATH } from "../model";
import { hasAuthority, KEYCLOAK_AUTHORITY_PATH, type KitHost } from "./host";

/** Where a program of a kit finds what it needs, as it sees it. */
export interface KitPlace {
  /** What it listens on. */
  readonly bind: string;
  /** The directory itself. */
  readonly config: string;
  /** Where `client-secret` is. */
  readonly secrets: string;
  readonly data: string;
  /** Of the edge's authority; absent when its certificate is a public one. */
  readonly authority?: string;
  readonly keycloakAuthority?: string;
}

const authoritiesIn = (config: string, host: KitHost): Pick<KitPlace, "authority" | "keycloakAuthority"> => ({
  ...(hasAuthority(host) && { authority: `${config}/${AUTHORITY_PATH}` }),
  ...(host.keycloakAuthority !== undefined && { keycloakAuthority: `${config}/${KEYCLOAK_AUTHORITY_PATH}` }),
});

/** The directory in a container, read-only. */
export const MOUNTED = "/etc/atalaya";

/** A container: it listens on all its addresses, because Docker publishes them on the host's loopback alone. */
export const containerPlace = (host: KitHost, data: string): KitPlace => ({
  bind: "0.0.0.0",
  config: MOUNTED,
  secrets: `${MOUNTED}/secrets`,
  data,
  ...authoritiesIn(MOUNTED, host),
});

/** Nothing in it that systemd would take for more than a path. */
const DIRECTORY = /^(?:\/[A-Za-z0-9_@:+,=-][A-Za-z0-9._@:+,=-]*)+$/;

/** A systemd unit. Its secret is a copy that its own user alone may read, under this path since systemd 247. */
export function unitPlace(host: KitHost, unit: string): KitPlace {
  const { directory } = host;
  if (!DIRECTORY.test(directory))
    throw new Error(
      `onboard: the directory on the other host must be an absolute path without spaces: ${directory}`,
    );
  return {
    bind: "127.0.0.1",
    config: directory,
    secrets: `/run/credentials/${unit}.service`,
    data: `/var/lib/${unit}`,
    ...authoritiesIn(directory, host),
  };
}
