import { HEADER, toLines } from "./directives";
import { REDIS_USER, redisUsers } from "./redis";

/** As the Sentinels call the master that they watch, and as the auth service asks them for it. */
export const REDIS_MASTER = "atalaya";
/** As whom replicas copy, and as whom Sentinels watch and promote. */
const REPLICA_USER = "replica";
const SENTINEL_USER = "sentinel";

export interface Node {
  readonly host: string;
  readonly port: number;
}

export interface SentinelOptions {
  readonly bind: string;
  readonly port: number;
  /** Absolute; Sentinel keeps its own configuration there and rewrites it. */
  readonly directory: string;
  readonly usersFile: string;
  readonly master: Node;
  /** Sentinels that must agree: more than half of them. */
  readonly quorum: number;
  /** Milliseconds of silence before they ask each other about the master. */
  readonly downAfter?: number;
  /** Milliseconds that an attempt may take. */
  readonly failover?: number;
}

/** Short, because writes wait for it; long enough for a pause of the machine. */
const DOWN_AFTER = 5_000;
const FAILOVER = 15_000;

/**
 * What a Redis that has replicas says besides its own redis.conf. A master that no replica hears takes no writes: after a
 * failover the other side would forget them.
 * @param of the master; left out for the first one
 */
export const replication = (of?: Node): string =>
  toLines(
    {
      masteruser: REPLICA_USER,
      "min-replicas-max-lag": 10,
      "min-replicas-to-write": 1,
      // A replica is asked nothing but to be the next master.
      "replica-read-only": true,
      ...(of !== undefined && { replicaof: `${of.host} ${of.port}` }),
    },
    (name, value) => `${name} ${typeof value === "boolean" ? (value ? "yes" : "no") : value}`,
  );

/** The same, secret. */
export const replicationSecret = (password: string): string => `masterauth ${quoted(password)}\n`;

/** `users.acl` of a Redis that has replicas: {@link redisUsers}, and what Redis' documentation gives replicas and Sentinels. */
export const replicatedUsers = (passwordHash: string): string =>
  [
    redisUsers(passwordHash).trimEnd(),
    `user ${REPLICA_USER} on #${passwordHash} resetkeys resetchannels -@all +psync +replconf +ping`,
    `user ${SENTINEL_USER} on #${passwordHash} resetkeys &* -@all +multi +exec +slaveof +ping +subscribe +config|rewrite +role +publish +info +client|setname +client|kill +script|kill`,
    "",
  ].join("\n");

/** A Sentinel's first configuration; it adds what it learns. Secret: the password is in it, because Sentinel reads no other file. */
export const sentinelConfig = (
  {
    bind,
    port,
    directory,
    usersFile,
    master,
    quorum,
    downAfter = DOWN_AFTER,
    failover = FAILOVER,
  }: SentinelOptions,
  password: string,
): string =>
  [
    HEADER,
    `bind ${bind}`,
    `port ${port}`,
    `dir ${directory}`,
    `aclfile ${usersFile}`,
    "protected-mode yes",
    "sentinel resolve-hostnames yes",
    `sentinel sentinel-user ${SENTINEL_USER}`,
    `sentinel sentinel-pass ${quoted(password)}`,
    `sentinel monitor ${REDIS_MASTER} ${master.host} ${master.port} ${quorum}`,
    `sentinel auth-user ${REDIS_MASTER} ${SENTINEL_USER}`,
    `sentinel auth-pass ${REDIS_MASTER} ${quoted(password)}`,
    `sentinel down-after-milliseconds ${REDIS_MASTER} ${downAfter}`,
    `sentinel failover-timeout ${REDIS_MASTER} ${failover}`,
    "",
  ].join("\n");

/** `users.acl` of a Sentinel: the auth service asks where the master is and is told of another one; Sentinels do all. */
export const sentinelUsers = (passwordHash: string): string =>
  [
    "user default off resetpass resetkeys resetchannels -@all",
    `user ${REDIS_USER} on #${passwordHash} resetkeys &* -@all +hello +auth +client|setname +info +ping +sentinel|get-master-addr-by-name +sentinel|sentinels +subscribe`,
    `user ${SENTINEL_USER} on #${passwordHash} ~* &* +@all`,
    "",
  ].join("\n");

/** Passwords are letters and digits (components/passwords.ts); anything else could begin a setting of its own. */
function quoted(password: string): string {
  if (!/^[\x20-\x7e]+$/.test(password) || /["\\]/.test(password))
    throw new Error("redis: the password holds what redis.conf would read otherwise");
  return `"${password}"`;
}
