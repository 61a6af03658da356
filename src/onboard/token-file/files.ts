import { size } from "../../model/units";
import { SECRET_FILES } from "../../model/secret-files";
import { plain, SECRET_PATHS, SIGNALS, type OnboardFile, type Shipper } from "../model";
import { toCompose } from "../kit/compose";
import { isBeside, type KitHost } from "../kit/host";
import { isSeenByUnit, MOUNTED, MOVE, unitPlace } from "../kit/places";
import { authorities, checkScript, refreshScript, settings } from "../kit/scripts";
import { CONFINED, toUnit } from "../kit/unit";

/** What the file holds: the token alone, or a whole header line. */
export type TokenFormat = "raw" | "header";

export interface TokenFileOptions {
  readonly format?: TokenFormat;
  /** The group whose programs read it; its owner alone, unless given. */
  readonly readers?: string;
}

/** `atalaya-token-agent-mx` */
const nameOf = ({ clientId }: KitHost): string => `atalaya-token-${clientId}`;

/** Where programs find the token, with systemd. */
export const tokenPath = (host: KitHost): string => `/run/${nameOf(host)}/token`;
/** Where they find it in the directory, with Docker and by hand. */
const TOKEN = "token/token";

/** A directory: a script that keeps a token in a file, for programs that can read one and cannot fetch one. */
export function tokenFile(
  host: KitHost,
  { format = "raw", readers }: TokenFileOptions = {},
): readonly OnboardFile[] {
  return [
    refreshScript(),
    settings(host, {
      ATALAYA_TOKEN_FILE: TOKEN,
      ATALAYA_TOKEN_FORMAT: format,
      ATALAYA_TOKEN_MODE: readers === undefined ? "600" : "640",
    }),
    plain("compose.yaml", compose(host)),
    plain(`systemd/${nameOf(host)}.service`, unit(host, readers)),
    checkScript(),
    ...authorities(host),
  ];
}

/** Whoever starts it says which image has curl and a shell: none of ours has both. */
const IMAGE = "${ATALAYA_CURL_IMAGE:?an image with curl and a POSIX shell, pinned by its digest}";

const compose = (host: KitHost): string =>
  toCompose({
    name: nameOf(host),
    image: IMAGE,
    user: "${ATALAYA_TOKEN_USER:?the user and group that read the token, 1000:1000}",
    entrypoint: [`${MOUNTED}/refresh-token.sh`],
    command: ["--token-file", "/run/atalaya/token"],
    hostNetwork: isBeside(host),
    mounts: [{ host: "./token", at: "/run/atalaya", writable: true }],
    memory: size("32MiB"),
    cpus: 0.1,
  });

const unit = (host: KitHost, readers: string | undefined): string => {
  const place = unitPlace(host, nameOf(host));
  return toUnit({
    Unit: {
      Description: `A token of ${host.clientId} for ${host.environment}, in ${tokenPath(host)}`,
      Documentation: `file:${host.directory}/README.md`,
      Wants: "network-online.target",
      After: "network-online.target",
      StartLimitIntervalSec: "0",
    },
    Service: {
      ExecStart: [
        `${host.directory}/refresh-token.sh`,
        `--secret-file ${place.secrets}/${SECRET_FILES.agent.clientSecret}`,
        `--token-file ${tokenPath(host)}`,
        `--health-file /run/${nameOf(host)}/refreshed`,
      ].join(" "),
      LoadCredential: `${SECRET_FILES.agent.clientSecret}:${host.directory}/${SECRET_PATHS.clientSecret}`,
      RuntimeDirectory: nameOf(host),
      RuntimeDirectoryMode: readers === undefined ? "0700" : "0750",
      // What is there stays valid while it is started anew.
      RuntimeDirectoryPreserve: "restart",
      ...(readers !== undefined && { Group: readers }),
      Restart: "always",
      RestartSec: "5",
      MemoryMax: "33554432",
      ...CONFINED,
    },
    Install: { WantedBy: "multi-user.target" },
  });
};

const BY_HAND = "mkdir -p -m 0700 token && ./refresh-token.sh";

/** `--shipper token-file`. */
export const tokenFileShipper: Shipper = {
  title: "A token in a file, kept fresh",
  signals: SIGNALS,
  credential: "clientSecret",
  ownUser: true,
  main: "atalaya.env",
  files: (onboarding) => tokenFile(onboarding).filter(({ path }) => path !== "ca.crt"),
  guide: (host) => ({
    install: `a POSIX shell and curl are all it needs; \`./check.sh\` says in words what is wrong from this host.${isSeenByUnit(host) ? ` With systemd (247 or newer) this directory is at \`${host.directory}\`.` : ""}`,
    start: isSeenByUnit(host)
      ? `sudo systemctl enable --now ${host.directory}/systemd/${nameOf(host)}.service    # or: ${BY_HAND}`
      : `${BY_HAND}    # ${MOVE}`,
    refused:
      "A program that reads the file only at its start sends an old token five minutes later, is answered 401, and drops what it has: such a program wants `--shipper local-envoy`.",
    notes: [
      `The token is in \`${tokenPath(host)}\` (systemd) or \`${TOKEN}\` (by hand, Docker), replaced as a whole at 60 to 75 % of its life; read it for every request (Prometheus: \`authorization: { credentials_file }\`; Vector, Promtail likewise). \`ATALAYA_TOKEN_FORMAT=header\` in \`atalaya.env\` writes \`Authorization: Bearer ...\` for \`curl -H @FILE\`.`,
      "Who reads it: in the unit set `Group=` to the program's group and `RuntimeDirectoryMode=0750`, in `atalaya.env` `ATALAYA_TOKEN_MODE='640'`.",
      "While Keycloak is away the last token stays until it ends; then the file is removed, because a program that cannot read it waits, and one whose token has ended drops. `ATALAYA_ENDED_TOKEN=keep` leaves it.",
      "For cron and timers: `refresh-token.sh --once`, at least every two minutes.",
      "A new secret is written over the old one; with systemd: `systemctl restart`. Neither it nor a token is ever printed or an argument of a program.",
    ],
  }),
};
