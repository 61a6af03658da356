import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { askingKeycloak } from "../../src/client/admin-errors";
import { plannedRetirement, plannedRotation, ringOf, stateOf } from "../../src/client/key-ring";
import { Admin } from "../../src/client/keycloak-admin";
import { KeyRotation, WAITS, type RotationOptions } from "../../src/client/rotate-keys";
import { CLOCK_SKEW, KEYS_CACHED, LONGEST_TOKEN } from "../../src/model/tokens";
import { readNote } from "../../src/client/signing-keys";
import { FakeKeycloak } from "./fake-keycloak";

const AT_ONCE = { published: 0, confirmed: 0, retired: 0, beat: 0, gone: 0 };

describe("a rotation of signing keys", () => {
  let keycloak: FakeKeycloak;
  let said: string[];
  beforeEach(async () => {
    keycloak = await FakeKeycloak.start();
    said = [];
  });
  afterEach(() => keycloak[Symbol.asyncDispose]());

  const rotation = (more: Partial<RotationOptions> = {}): KeyRotation =>
    new KeyRotation({
      admin: new Admin({ url: keycloak.url, user: "admin", password: "right" }),
      probe: { check: () => Promise.resolve(), missing: () => Promise.resolve([]) },
      say: (line) => said.push(line),
      waits: AT_ONCE,
      ...more,
    });

  it("waits longer than keys are cached, and keeps old keys longer than any token lives", () => {
    expect(WAITS.published).toBeGreaterThan(KEYS_CACHED * 1_000);
    expect(WAITS.retired).toBeGreaterThanOrEqual((LONGEST_TOKEN + CLOCK_SKEW) * 1_000);
    expect(WAITS.gone).toBeGreaterThan(2 * WAITS.beat);
  });

  it("publishes, signs, and lets the old key be, in this order", async () => {
    const seen: string[] = [];
    keycloak.onWrite = () => seen.push(keycloak.signing().join(", "));
    await rotation().rotate();
    expect(keycloak.signing()).toEqual(["new-0 active", "first passive"]);
    expect([...new Set(seen), keycloak.signing().join(", ")]).toEqual([
      "first active",
      "new-0 passive, first active",
      "new-0 active, first active",
      "new-0 active, first passive",
    ]);
    expect(keycloak.components.get("cookies")?.config).toEqual({ priority: ["100"] });
  });

  it("retires what it made old, when no token of it lives, and nothing of anybody else's", async () => {
    keycloak.add("imported", "rsa", { priority: ["90"] });
    keycloak.add("somebodys", "rsa-generated", { priority: ["900"], active: ["false"] });
    await rotation().rotate();
    await expect(rotation({ waits: { retired: 60_000 } }).retire(false)).rejects.toThrow(
      /for \d\d s\. Run this again/,
    );
    await rotation().retire(false);
    expect(keycloak.signing()).toEqual(["new-0 active", "somebodys passive", "imported disabled"]);
    await rotation().retire(false);
    expect([...keycloak.components.keys()].sort()).toEqual(["cookies", "imported", "new-0", "somebodys"]);
  });

  it("leaves an old key that somebody turned back to while it waited, and removes the others", async () => {
    keycloak.add("behind", "rsa-generated", { priority: ["50"] });
    await rotation().rotate();
    const turnBack = () => {
      const [first, fresh] = [keycloak.components.get("first"), keycloak.components.get("new-0")];
      if (first === undefined || fresh === undefined) throw new Error("not there");
      first.config = { ...first.config, active: ["true"] };
      fresh.config = { ...fresh.config, active: ["false"] };
    };
    said = [];
    await rotation({ waits: { retired: 1_500 }, waiting: turnBack }).retire(true);
    expect(keycloak.signing()).toEqual(["new-0 passive", "first active"]);
    expect(said).toEqual(["left first as it is: somebody changed it meanwhile", "removed behind"]);
  });

  it("goes by Keycloak's clock: nothing is removed too early after a machine whose own is slow", async () => {
    const now = Date.now.bind(Date);
    const slow = vi.spyOn(Date, "now").mockImplementation(() => now() - 3_600_000);
    await rotation().rotate();
    slow.mockRestore();
    await expect(rotation({ waits: {} }).retire(false)).rejects.toThrow(/for 6[56]\d s\. Run this again/);
    expect(keycloak.signing()).toEqual(["new-0 active", "first passive"]);
  });

  it("counts on no time that is none", () => {
    const note = (old: string): string =>
      `atalaya published=2026-01-01T00:00:00.000Z signs=2026-01-01T00:01:15.000Z old=${old} by=they.0`;
    expect(readNote(note("2026-01-02T00:00:00.000Z"))).toMatchObject({ by: "they.0" });
    expect(readNote(note("yesterday"))).toBeUndefined();
  });

  it("ends one that was killed before its last step, says so, and begins no other", async () => {
    const name = "atalaya published=2026-01-01T00:00:00.000Z signs=2026-01-01T00:01:15.000Z by=they.0";
    keycloak.add("theirs", "rsa-generated", { priority: ["110"] }, name);
    await rotation().rotate();
    expect(said).toEqual([
      "theirs signs already, by a rotation that did not end; ending that one",
      "made first passive: its tokens stay good",
    ]);
    expect(keycloak.signing()).toEqual(["theirs active", "first passive"]);
  });

  it.each([0, 1, 2, 3, 4])("converges when it is killed before its write %i", async (at) => {
    keycloak.add("behind", "rsa-generated", { priority: ["50"] });
    const admin = new Admin({ url: keycloak.url, user: "admin", password: "right" });
    for (const name of ["create", "update", "remove"] as const) {
      const write = admin[name].bind(admin) as (path: string, body: never) => Promise<never>;
      admin[name] = (path: string, body?: unknown): Promise<never> =>
        keycloak.writes.length === at ? Promise.reject(new Error("killed")) : write(path, body as never);
    }
    const killed = await rotation({ admin })
      .rotate()
      .then(
        () => false,
        () => true,
      );
    expect(killed).toBe(at < 4);
    if (killed) await rotation().rotate();
    expect(keycloak.signing()).toEqual(["new-0 active", "first passive", "behind passive"]);
    await rotation().retire(false);
    expect(keycloak.signing()).toEqual(["new-0 active"]);
  });

  it("activates nothing that somebody does not have yet", async () => {
    const probe = {
      check: () => Promise.resolve(),
      missing: () => Promise.resolve(["Envoy", "the auth service"]),
    };
    await expect(rotation({ probe }).rotate()).rejects.toThrow(
      /^Envoy and the auth service: does not have the new key new-0 yet/,
    );
    expect(keycloak.signing()).toEqual(["new-0 passive", "first active"]);
  });

  it("gives way to one that is at work, and to one that took it over", async () => {
    keycloak.add(
      "theirs",
      "rsa-generated",
      { priority: ["110"], active: ["false"] },
      "atalaya published=2026-01-01T00:00:00.000Z by=they.0",
    );
    const beats = setInterval(() => {
      const theirs = keycloak.components.get("theirs");
      if (theirs !== undefined) theirs.name = theirs.name.replace(/\d+$/, (count) => `${Number(count) + 1}`);
    }, 20);
    await expect(rotation({ waits: { ...AT_ONCE, gone: 100 } }).rotate()).rejects.toThrow(
      "is under way (theirs)",
    );
    clearInterval(beats);
    expect(keycloak.writes).toEqual([]);
    // It has gone: its key is used.
    await rotation().rotate();
    expect(keycloak.signing()).toEqual(["theirs active", "first passive"]);
  });

  it("of two that begin in the same moment one goes on", async () => {
    const results = await Promise.allSettled([rotation().rotate(), rotation().rotate()]);
    expect(keycloak.signing().filter((key) => key.endsWith(" active"))).toHaveLength(1);
    expect(results.filter(({ status }) => status === "fulfilled").length).toBeGreaterThan(0);
  });

  it("says what it would do", async () => {
    const ring = async () => ringOf(await rotation().list());
    expect(plannedRotation(await ring())).toEqual([
      "publish a new key",
      "wait until Envoy and the auth service have it",
      "sign with it",
      "make first passive: its tokens stay good",
    ]);
    await rotation().rotate();
    const after = await ring();
    expect(plannedRetirement(after)).toEqual(["remove first, once no token of it lives"]);
    expect((await rotation().list()).map((key) => stateOf(key, after))).toEqual(["signing", "old"]);
  });

  describe("that cannot be", () => {
    const run = (password = "right") => {
      const admin = new Admin({ url: keycloak.url, user: "admin", password });
      return askingKeycloak(keycloak.url, () => rotation({ admin }).rotate());
    };

    it("says that the password is wrong, and not which", async () => {
      await expect(run("s3cret")).rejects.toThrow(
        /^Keycloak refuses the administrator's user name or password/,
      );
      await expect(run("s3cret")).rejects.not.toThrow("s3cret");
    });

    it("says that there is no realm", async () => {
      keycloak.realm = false;
      await expect(run()).rejects.toThrow("Keycloak has no realm observability.");
    });

    it("says that nothing signs", async () => {
      keycloak.components.delete("first");
      await expect(run()).rejects.toThrow("Realm observability has no active key to sign with.");
    });

    it("says that Keycloak is not reached", async () => {
      const { url } = keycloak;
      const admin = new Admin({ url: "http://127.0.0.1:1", user: "admin", password: "right" });
      await expect(askingKeycloak(url, () => rotation({ admin }).rotate())).rejects.toThrow(
        /cannot be reached: /,
      );
    });
  });
});
