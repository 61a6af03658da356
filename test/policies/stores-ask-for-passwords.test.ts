import { describe, expect, it } from "vitest";
import { storesAskForPasswords } from "../../policies/rules/stores-ask-for-passwords";
import { files, messages, nothingOf } from "./builder";

const ACL = "/var/lib/atalaya/redis/secrets/users.acl";
const USERS =
  "user default off -@all\nuser auth on #abc ~* +@all\nuser probe on nopass resetkeys -@all +ping\n";
const HBA = "# TYPE DATABASE USER ADDRESS METHOD\nhost all all all scram-sha-256\n";
const found = ({ hba = HBA, users = USERS, conf = `aclfile ${ACL}\n` } = {}) =>
  messages(storesAskForPasswords, [
    files("postgres", { "/etc/atalaya/postgres/pg_hba.conf": hba }),
    files("redis", { "/etc/atalaya/redis/redis.conf": conf, [ACL]: users }),
  ]);

describe("stores-ask-for-passwords", () => {
  it("passes passwords for all but a ping", () => {
    expect(found()).toEqual([]);
  });

  it.each([
    ["host all all 0.0.0.0/0 trust", 'PostgreSQL lets in by "trust" (host all all 0.0.0.0/0 trust).'],
    ["local all all peer map=all", 'PostgreSQL lets in by "peer" (local all all peer map=all).'],
    ["host  all  all  all  md5", 'PostgreSQL lets in by "md5" (host all all all md5).'],
  ])("refuses PostgreSQL's %s", (line, message) => {
    expect(found({ hba: `${HBA}${line}\n` })).toEqual([message]);
  });

  it.each([
    [
      USERS.replace("user default off", "user default on nopass"),
      ["Redis' default user is not off: whoever reaches it is that user."],
    ],
    [
      USERS.replace(/^user default.*\n/, ""),
      ["Redis' default user is not off: whoever reaches it is that user."],
    ],
    [
      USERS.replace("-@all +ping", "+@all"),
      ["Redis' user probe needs no password and may do more than PING."],
    ],
    [
      USERS.replace("resetkeys -@all +ping", "~* +get"),
      ["Redis' user probe needs no password and may do more than PING."],
    ],
  ])("refuses Redis' users %j", (users, expected) => {
    expect(found({ users })).toEqual(expected);
  });

  it("refuses a list that Redis does not read", () => {
    expect(found({ conf: "requirepass x\n" })).toEqual(["Redis does not read its list of users."]);
  });

  it("does not pass what it cannot find", () => {
    expect(messages(storesAskForPasswords, [])).toEqual([
      nothingOf("pg_hba.conf of postgres"),
      nothingOf("redis.conf of redis"),
    ]);
  });
});
