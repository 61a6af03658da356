import { describe, expect, it } from "vitest";
import { redisUsers } from "../../src/render/redis";
import {
  replicatedUsers,
  replication,
  replicationSecret,
  sentinelConfig,
  sentinelUsers,
} from "../../src/render/redis-sentinel";

const HASH = "0".repeat(64);
const options = {
  ...{ bind: "10.0.0.1", port: 26_379, directory: "/data", usersFile: "/secrets/users.acl" },
  ...{ master: { host: "redis-0.redis", port: 6379 }, quorum: 2 },
};

/** That the servers take them, and what becomes of them, test/auth/redis/failover.real.test.ts shows. */
describe("Redis with replicas and Sentinels", () => {
  it("takes no write that no replica hears of", () => {
    expect(replication().split("\n")).toEqual(expect.arrayContaining(["min-replicas-to-write 1", "masteruser replica"]));
    expect(replication()).not.toContain("replicaof");
    expect(replication({ host: "redis-0.redis", port: 6379 })).toContain("\nreplicaof redis-0.redis 6379\n");
  }); // prettier-ignore

  it("says its password in the secret files alone", () => {
    for (const text of [replication(options.master), replicatedUsers(HASH), sentinelUsers(HASH)])
      expect(text).not.toContain("hunter2");
    expect(replicationSecret("hunter2")).toBe('masterauth "hunter2"\n');
    expect(sentinelConfig(options, "hunter2").match(/hunter2/g)).toHaveLength(2);
  });

  it("knows replicas and Sentinels beside those that a single one knows", () => {
    const added = replicatedUsers(HASH).replace(redisUsers(HASH), "").trimEnd().split("\n");
    expect(added.map((line) => line.split(" ").slice(0, 3).join(" "))).toEqual([
      "user replica on",
      "user sentinel on",
    ]);
  });

  it.each(['a"b', "a\\b", "a\nrequirepass x", "", "ü"])("refuses the password %j", (password) => {
    expect(() => replicationSecret(password)).toThrow("redis.conf would read otherwise");
    expect(() => sentinelConfig(options, password)).toThrow("redis.conf would read otherwise");
  });
});
