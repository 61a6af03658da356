import { describe, expect, it } from "vitest";
import { readSettings } from "../../../src/auth/config";

const REST = {
  ...{ ATALAYA_ISSUER: "http://k/realms/o", ATALAYA_JWKS_URL: "http://k/certs", ATALAYA_AUDIENCE: "edge" },
  ATALAYA_TOKEN_URL: "http://k/token",
  ...{ ATALAYA_DIRECTORY_FILE: "/t", ATALAYA_KEYS_FILE: "/k", ATALAYA_PEPPER_FILE: "/p" },
};
const REDIS = {
  ATALAYA_REDIS_ADDRESSES: "redis:6379",
  ATALAYA_REDIS_USER: "auth",
  ATALAYA_REDIS_PASSWORD_FILE: "/r",
  ATALAYA_LOKI_URL: "http://loki:3100",
};
const problems = (changes: Readonly<Record<string, string | undefined>>): readonly string[] => {
  try {
    readSettings({ ...REST, ...REDIS, ...changes });
    return [];
  } catch (error) {
    return (error as Error).message.split("\n").slice(1);
  }
};

describe("the settings of Redis", () => {
  it("are of one server, or of Sentinels and the master that they know", () => {
    expect(readSettings(REST).stores).toBeUndefined();
    const one = { addresses: [{ host: "redis", port: 6379 }], user: "auth", passwordFile: "/r" };
    expect(readSettings({ ...REST, ...REDIS }).stores).toEqual({
      redis: one,
      lokiUrl: new URL("http://loki:3100"),
    });
    const sentinels = { ATALAYA_REDIS_ADDRESSES: "a.b:1, 10.0.0.1:65535", ATALAYA_REDIS_MASTER: "atalaya" };
    expect(readSettings({ ...REST, ...REDIS, ...sentinels }).stores?.redis).toEqual({
      ...one,
      addresses: [
        { host: "a.b", port: 1 },
        { host: "10.0.0.1", port: 65_535 },
      ],
      master: "atalaya",
    });
  });

  it("are all there or not at all, and what is wrong is told with the rest", () => {
    const none = {
      ATALAYA_REDIS_USER: undefined,
      ATALAYA_REDIS_PASSWORD_FILE: undefined,
      ATALAYA_LOKI_URL: undefined,
    };
    expect(problems({ ...none, ATALAYA_AUDIENCE: undefined })).toEqual([
      "  ATALAYA_AUDIENCE: is not set",
      "  ATALAYA_REDIS_USER: is not set",
      "  ATALAYA_REDIS_PASSWORD_FILE: is not set",
      "  ATALAYA_LOKI_URL: is not set",
    ]);
    expect(problems({ ...none, ATALAYA_REDIS_ADDRESSES: undefined, ATALAYA_REDIS_MASTER: "m" })).toEqual([
      "  ATALAYA_REDIS_ADDRESSES: is not set",
      "  ATALAYA_REDIS_USER: is not set",
      "  ATALAYA_REDIS_PASSWORD_FILE: is not set",
      "  ATALAYA_LOKI_URL: is not set",
    ]);
    for (const wrong of ["", "redis", "redis:0", "redis:65536", "redis:1,", "redis://x:1", ":1", "-a:1"])
      expect(problems({ ATALAYA_REDIS_ADDRESSES: wrong })).toEqual([
        "  ATALAYA_REDIS_ADDRESSES: must be host:port, or several of them with commas between",
      ]);
    for (const wrong of ["http://u:hunter2@loki:3100", "http://loki:3100/logs", "http://loki:3100/?a=b"])
      expect(problems({ ATALAYA_LOKI_URL: wrong })).toEqual([
        "  ATALAYA_LOKI_URL: must be a scheme, a host and a port, such as http://loki:3100",
      ]);
    expect(problems({ ATALAYA_REDIS_ADDRESSES: "a:1,b:1" })).toEqual([
      "  ATALAYA_REDIS_ADDRESSES: several addresses are Sentinels': set ATALAYA_REDIS_MASTER to the name of their master",
    ]);
  });
});
