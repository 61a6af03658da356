import { AUTHORITY_PATH } from "../model";
import { hasAuthority, isBeside, KEYCLOAK_AUTHORITY_PATH, type KitHost } from "./host";

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

/**
 * A container: it listens on all its addresses, because Docker publishes them on the host's loopback alone; on loopback where
 * the host's network is its own.
 */
export const containerPlace = (host: KitHost, data: string): KitPlace => ({
  bind: isBeside(host) ? "127.0.0.1" : "0.0.0.0",
  config: MOUNTED,
  secrets: `${MOUNTED}/secrets`,
  data,
  ...authoritiesIn(MOUNTED, host),
});

/** Nothing in it that systemd would take for more than a path. */
const DIRECTORY = /^(?:\/[A-Za-z0-9_@:+,=-][A-Za-z0-9._@:+,=-]*)+$/;

export const isUnitDirectory = (directory: string): boolean => DIRECTORY.test(directory);

/** What ProtectHome and PrivateTmp (kit/unit.ts) hide from a unit. Sources: systemd.exec(5). */
const HIDDEN = /^\/(?:home|root|run\/user|tmp|var\/tmp)(?:\/|$)/;

/** Whether a unit that is confined as ours sees its own files there. */
export const isSeenByUnit = ({ directory }: Pick<KitHost, "directory">): boolean => !HIDDEN.test(directory);

/** What to do where it does not: its files name the place, so that a copy alone would not do. */
export const MOVE = "for systemd say --at /opt/atalaya, and move it there";

/** A systemd unit. Its secret is a copy that its own user alone may read, under this path since systemd 247. */
export function unitPlace(host: KitHost, unit: string): KitPlace {
  const { directory } = host;
  if (!isUnitDirectory(directory))
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
