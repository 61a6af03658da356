import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Audit, type AuditRecord } from "../../src/auth/audit";
import { decide } from "../../src/auth/decide";
import type { AuthorizationRequest } from "../../src/auth/decision";
import { openLog, placesOf, shown, type Log } from "../../src/auth/log";
import type { OrgId } from "../../src/model/names";
import { bearer, knowledge, PERSON, push, read } from "./world";

const MX = { azp: "agent-mx", tenant_id: "tenant-mx" };

describe("the audit", () => {
  let records: AuditRecord[] = [];
  let clock = 0;
  let audit: Audit;
  beforeEach(() => {
    records = [];
    clock = 0;
    audit = new Audit({ write: (record) => records.push(record), now: () => clock, maximum: 2 });
  });
  const ask = async (request: AuthorizationRequest, id?: string): Promise<void> => {
    audit.record(request, id, await decide(request, knowledge));
  };

  it("tells an allow with all that was verified", async () => {
    await ask(push({ authorization: await bearer(MX), requestedTenant: "tenant-mx" }), "id-1");
    expect(records).toEqual([
      {
        ...{ audit: "decision", request_id: "id-1", method: "POST", path: "/v1/traces" },
        ...{ routes: ["otlp-http-traces-key", "otlp-http-traces"], credential: "agent", user: "agent-mx" },
        ...{ tenant: "tenant-mx", requested_tenant: "tenant-mx", outcome: "allow" },
      },
    ]);
  });

  it("tells every denial and every undecided, each time", async () => {
    for (let n = 0; n < 3; n++) await ask(read({ apiKey: "atl_nobody", requestedTenant: "tenant-pe" }));
    const broken = { ...knowledge, keys: undefined };
    const request = read({ apiKey: "atl_mx_reader" });
    for (let n = 0; n < 2; n++) audit.record(request, undefined, await decide(request, broken));
    const denied = { outcome: "deny", code: "key_invalid", credential: "key", requested_tenant: "tenant-pe" };
    expect(records).toEqual([
      expect.objectContaining(denied),
      expect.objectContaining(denied),
      expect.objectContaining(denied),
      expect.objectContaining({ outcome: "undecided", code: "keys_unavailable" }),
      expect.objectContaining({ outcome: "undecided", code: "keys_unavailable" }),
    ]);
    for (const record of records) expect(record).not.toHaveProperty("tenant");
  });

  it("counts what repeats within a minute, and tells the count with the next", async () => {
    const request = read({ apiKey: "atl_mx_reader" });
    for (let n = 0; n < 5; n++) await ask(request);
    expect(records.map(({ repeats }) => repeats)).toEqual([undefined]);
    clock = 59_999;
    await ask(request);
    clock = 60_000;
    await ask(request);
    await ask(request);
    expect(records.map(({ repeats }) => repeats)).toEqual([undefined, 5]);
    clock = 120_000;
    await ask(request);
    expect(records.map(({ repeats }) => repeats)).toEqual([undefined, 5, 1]);
  });

  it("does not take a key for an agent of its name", () => {
    const decision = { kind: "allow", orgId: "tenant-mx" as OrgId, userId: "agent-mx" } as const;
    for (const credential of ["agent", "key", "agent"] as const)
      audit.record(push(), undefined, { decision, routes: [], credential });
    expect(records.map(({ credential }) => credential)).toEqual(["agent", "key"]);
  });

  it("does not take another user, tenant or route for a repeat", async () => {
    audit = new Audit({ write: (record) => records.push(record), now: () => clock });
    const operator = { azp: "atalaya-cli", sub: PERSON, groups: ["/operators"] };
    const authorization = await bearer(operator);
    for (let n = 0; n < 2; n++) {
      await ask(read({ authorization, requestedTenant: "tenant-mx" }));
      await ask(read({ authorization, requestedTenant: "tenant-pe" }));
      await ask(read({ authorization, requestedTenant: "tenant-pe", path: "/loki/api/v1/query" }));
      await ask(read({ apiKey: "atl_mx_reader" }));
    }
    expect(records.map(({ user, tenant, routes }) => [user, tenant, routes[0]])).toEqual([
      [PERSON, "tenant-mx", "mimir-query"],
      [PERSON, "tenant-pe", "mimir-query"],
      [PERSON, "tenant-pe", "loki-query"],
      ["grafana-mx", "tenant-mx", "mimir-query"],
    ]);
  });

  it("is bounded, and tells a count before it forgets it", async () => {
    const request = read({ apiKey: "atl_mx_reader" });
    await ask(request);
    await ask(request);
    for (const path of ["/loki/api/v1/query", "/loki/api/v1/labels"]) await ask({ ...request, path });
    expect(records.filter((record) => record.audit === "repeats")).toEqual([
      {
        ...{ audit: "repeats", routes: ["mimir-query"], credential: "key", user: "grafana-mx" },
        ...{ tenant: "tenant-mx", outcome: "allow", repeats: 1 },
      },
    ]);
    await ask({ ...request, path: "/loki/api/v1/labels" });
    audit.close();
    expect(records.filter((record) => record.audit === "repeats")).toHaveLength(2);
  });

  it("bounds the client's own words, and shows no credential that stands among them", async () => {
    const token = (await bearer(MX)).slice("Bearer ".length);
    await ask(
      push({ path: `/${"x".repeat(1_000)}`, method: "M".repeat(1_000), requestedTenant: "t".repeat(1_000) }),
      "i".repeat(1_000),
    );
    await ask(push({ path: `/${token}`, requestedTenant: `x${token}` }), "atl_mx_reader");
    const text = JSON.stringify(records);
    expect(text.length).toBeLessThan(1_500);
    expect(text).not.toMatch(/eyJ|atl_mx/);
  });
});

describe("what is shown", () => {
  it("is one line of printable text, whatever it was", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(shown(text, 50)).toMatch(/^[\x20-\x7e]{0,50}$/);
      }),
    );
  });

  it("holds no half of a key or a token either", () => {
    expect(shown(`${"x".repeat(45)}atl_mx_secret`, 50)).toBe(`${"x".repeat(45)}atl_*`);
    expect(shown("/eyJhbGciOi/eyJh.eyJz.c2ln?", 50)).toBe("/***/***?");
  });

  it.each(["eyJ", "eyJ.", "eyJx.eyJ", "atl_", "Bearer ", "."])(
    "costs no more than its length, also of %j again and again",
    (part) => {
      const text = part.repeat(100_000 / part.length);
      const began = performance.now();
      expect(shown(text, 128).length).toBeLessThanOrEqual(128);
      expect(performance.now() - began).toBeLessThan(250);
    },
  );
});

describe("the places of an error", () => {
  it("are told without what it says", () => {
    const places = placesOf(new TypeError("atl_mx_secret\n    at atl_mx_secret"));
    expect([places[0], places.length > 1]).toEqual(["TypeError", true]);
    expect(places[1]).toMatch(/^at .*audit\.test/);
    expect(places.join()).not.toContain("atl_mx");
    expect(placesOf("atl_mx_secret")).toEqual([]);
  });
});

describe("the log", () => {
  it("is one JSON object a line, written by the time it is closed", async () => {
    const directory = mkdtempSync(join(tmpdir(), "atalaya-"));
    const path = join(directory, "log");
    const log = openLog(openSync(path, "a"));
    const nasty = 'a"}\n{"level":"fatal","audit":"decision"}\r\u2028\u0000';
    for (let n = 0; n < 1_000; n++) log.logger.info({ n, path: nasty });
    log.logger.error(nasty);
    await log.close();
    // And what comes too late harms nobody.
    log.logger.info("late");
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    rmSync(directory, { recursive: true });
    const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(parsed).toHaveLength(1_001);
    expect(parsed[999]).toEqual({
      level: "info",
      time: expect.stringMatching(/^20/) as string,
      n: 999,
      path: nasty,
    });
    expect(parsed[1_000]?.["message"]).toBe(nasty);
    expect(log.dropped()).toBe(1);
  });

  /** A log into a pipe, and its reader. */
  function piped() {
    const directory = mkdtempSync(join(tmpdir(), "atalaya-"));
    const path = join(directory, "pipe");
    execFileSync("mkfifo", [path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const log = openLog(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
    rmSync(directory, { recursive: true });
    return { log, reader };
  }
  const dropped = (log: Log, count: number) =>
    vi.waitFor(() => {
      expect(log.dropped()).toBeGreaterThanOrEqual(count);
    });
  async function ends(log: Log): Promise<void> {
    const began = performance.now();
    await log.close();
    expect(performance.now() - began).toBeLessThan(2_000);
  }

  it("keeps so much and no more for a reader who does not read, and ends all the same", async () => {
    const { log, reader } = piped();
    const text = "x".repeat(100_000);
    for (let n = 0; n < 100; n++) log.logger.info(text);
    await dropped(log, 10);
    await ends(log);
    closeSync(reader);
  });

  it("counts every line once its reader went away, or the disk is full", async () => {
    const { log, reader } = piped();
    closeSync(reader);
    for (const broken of [log, openLog(openSync("/dev/full", "w"))]) {
      for (let n = 1; n <= 5; n++) {
        broken.logger.info("x");
        await dropped(broken, n);
      }
      await ends(broken);
    }
  });
});
