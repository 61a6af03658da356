import type { RenderedFile } from "../model/files";
import { SECRET_FILES } from "../model/secret-files";
import { toLines, type Setting } from "./directives";
import { serviceFile } from "./files";
import type { RenderInput } from "./input";
import { share } from "./memory";

/** The user as whom the auth service works. */
export const REDIS_USER = "auth";
/** May say PING and nothing else, without a password: for readiness. */
export const REDIS_PROBE_USER = "probe";

/** The rest is for rewriting (AOF) and snapshots, which copy what is written meanwhile, and for clients' buffers. */
const DATA_SHARE = 0.75;

/** Redis 7 or later. Users and the hash of their password come from the ACL file, so that no secret is in here. */
export function renderRedis({ environment, topology }: RenderInput): readonly RenderedFile[] {
  const place = topology.services.redis;
  const settings = {
    aclfile: `${place.directories.secrets}/${SECRET_FILES.redis.users}`,
    // A key that was created or revoked is on disk before the answer: these are few writes, and each one matters.
    appendfsync: "always",
    appendonly: true,
    bind: place.bind,
    daemonize: false,
    dir: place.directories.data,
    "enable-debug-command": false,
    "enable-module-command": false,
    "enable-protected-configs": false,
    maxmemory: share(environment.sizes.redis.memory, DATA_SHARE),
    // Full means an error that somebody sees. Evicting would forget keys and revocations in silence.
    "maxmemory-policy": "noeviction",
    port: place.ports.redis,
    "protected-mode": true,
    save: ["3600 1", "300 100", "60 10000"],
    "tcp-keepalive": 60,
  };
  return [serviceFile("redis", place, "static", "redis.conf", toLines(settings, line))];
}

const line = (name: string, value: Setting): string =>
  `${name} ${typeof value === "boolean" ? (value ? "yes" : "no") : value}`;

/**
 * The content of `users.acl`, a secret file. The default user, whom a client without AUTH is, is off.
 * @param passwordHash SHA-256 of the password, lower-case hexadecimal
 */
export function redisUsers(passwordHash: string): string {
  if (!/^[0-9a-f]{64}$/.test(passwordHash))
    throw new Error("redis: the password's hash must be 64 hexadecimal characters");
  return [
    // Off, so that nobody is it, but allowed everything: as this user Redis reads its own file again when it starts, and would
    // drop each transaction that it may not do (redis/redis#14541).
    "user default off resetpass ~* &* +@all",
    // No FLUSHALL, CONFIG, KEYS, DEBUG, SHUTDOWN, REPLICAOF, ACL; INFO, because clients ask it whether data is loaded.
    `user ${REDIS_USER} on #${passwordHash} ~* &* +@all -@admin -@dangerous +info`,
    `user ${REDIS_PROBE_USER} on nopass resetkeys resetchannels -@all +ping`,
    "",
  ].join("\n");
}
