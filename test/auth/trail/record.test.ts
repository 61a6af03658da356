import { EventEmitter } from "node:events";
import fc from "fast-check";
import type { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { AUDIT_ACTIONS, AUDIT_OUTCOMES, type AuditRecord } from "../../../src/auth/api/audit";
import { StoreUnavailable } from "../../../src/auth/api/ports";
import { Replicas } from "../../../src/auth/trail/connection";
import {
  type Found,
  lineOf,
  nanosecondsOf,
  newId,
  ownerOf,
  readLine,
  secondsOf,
} from "../../../src/auth/trail/record";
import { tenantOf } from "../redis/real";
import { event, seal } from "./world";

const MX = tenantOf("mx").orgId;
const FIRST = { redelivered: false, late: false };
/** A line where it belongs. */
const placed = (line: string, { id, action }: AuditRecord, changes: Partial<Found> = {}): Found => ({
  ...{ at: nanosecondsOf(id), action, line },
  ...changes,
});

describe("a record", () => {
  it("has an id that begins with its time, sorts by it, and is nobody else's", () => {
    const time = "2026-11-21T10:00:00.123Z";
    const ids = Array.from({ length: 5_000 }, () => newId(time));
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids.map(nanosecondsOf)).size).toBe(5_000);
    expect(Math.floor(secondsOf(ids[0] ?? "") * 1_000)).toBe(Date.parse(time));
    const next = newId("2026-11-21T10:00:00.124Z");
    expect(next > (ids.at(-1) ?? "")).toBe(true);
    expect(newId("2001-09-08T00:00:00Z")).toMatch(/^0999907200000[0-9]{6}-[0-9a-f]{12}$/);
  });

  it("is one line, its keys in one order, and read as it was written", () => {
    const text = fc.string({ unit: "binary" });
    const records = fc.record({
      ...{ id: fc.constant(newId("2026-11-21T10:00:00Z")), time: fc.constant("2026-11-21T10:00:00.000Z") },
      ...{ action: fc.constantFrom(...AUDIT_ACTIONS), outcome: fc.constantFrom(...AUDIT_OUTCOMES) },
      ...{ tenant: fc.constant(MX), user: fc.option(text, { nil: undefined }), requestId: text },
    });
    fc.assert(
      fc.property(records, fc.boolean(), fc.boolean(), (record: AuditRecord, late, redelivered) => {
        const line = lineOf(record, { late, redelivered }, seal) ?? "";
        expect(line).not.toMatch(/[\n\r]/);
        expect(readLine(placed(line, record), MX, seal)).toEqual(record);
        const keys = ["id", "time", "action", "tenant", "user", "outcome", "request_id", "target", "seal", "late", "redelivered"];
        const own = Object.keys(JSON.parse(line) as object);
        expect(own).toEqual(keys.filter((key) => own.includes(key)));
        expect([own.includes("late"), own.includes("redelivered")]).toEqual([late, redelivered]);
      }),
      { numRuns: 500 },
    );
  }); // prettier-ignore

  it("is nobody's who could write it himself: another's seal, another tenant's line and a changed one are no records", () => {
    const record = { id: newId("2026-11-21T10:00:00Z"), ...event() };
    const line = lineOf(record, FIRST, seal) ?? "";
    expect(readLine(placed(line, record), MX, seal)).toEqual(record);
    expect(readLine(placed(line, record), tenantOf("pe").orgId, seal)).toBeUndefined();
    const another = (text: string): string => seal(`x${text}`);
    const changes: readonly (readonly [string, string])[] = [
      ...([["get_key", "delete_key"], ["success", "denied"], ["somebody", "somebody else"], [record.id, newId(record.time)]] as const),
      ...([[record.time, "2026-11-21T10:00:01.000Z"], ["thresholds.cpu", "thresholds.memory"], [record.requestId, "another"]] as const),
    ];
    const forged = [
      ...changes.map(([from, to]) => line.replace(from, to)),
      ...[lineOf(record, FIRST, another) ?? "", line.replace(/"seal":"[0-9a-f]*"/, '"seal":""'), line.replace(/,"seal":"[0-9a-f]*"/, "")],
      ...["", "{", "null", "[]", line.replace("get_key", "got_key"), line.replace(record.id, "1-a"), line.replace("success", "won")],
    ];
    for (const wrong of forged) expect([wrong, readLine(placed(wrong, record), MX, seal)]).toEqual([wrong, undefined]);
  }); // prettier-ignore

  it("is none at another time or of another action, and may only stand later if its seal says so", () => {
    const record = { id: newId("2026-11-21T10:00:00Z"), ...event() };
    const line = lineOf(record, FIRST, seal) ?? "";
    const late = lineOf(record, { redelivered: false, late: true }, seal) ?? "";
    const another = { at: nanosecondsOf(newId("2026-11-21T10:00:00.001Z")) };
    const read = (text: string, changes?: Partial<Found>) =>
      readLine(placed(text, record, changes), MX, seal);
    expect([read(line), read(late), read(late, another)]).toEqual([record, record, record]);
    const forged = line.replace(/}$/, ',"late":true}');
    expect(JSON.parse(forged)).toMatchObject({ id: record.id, late: true });
    expect([read(line, another), read(forged, another), read(forged)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    for (const action of ["delete_key", undefined])
      expect([read(line, { action }), read(late, { action })]).toEqual([undefined, undefined]);
  });

  it("waits while its seal cannot be made, and is not read without", () => {
    const record = { id: newId("2026-11-21T10:00:00Z"), ...event() };
    expect(lineOf(record, FIRST, () => undefined)).toBeUndefined();
    const line = lineOf(record, FIRST, seal) ?? "";
    expect(() => readLine(placed(line, record), MX, () => undefined)).toThrow(StoreUnavailable);
  });

  it("is its tenant's, and nobody's is the platform's", () => {
    expect([ownerOf({ tenant: MX }), ownerOf({ tenant: undefined })]).toEqual([
      "tenant-mx",
      "tenant-platform",
    ]);
  });
});

describe("whether a replica has a write", () => {
  const clientOf = (wait: () => number) => {
    const events = new EventEmitter();
    const client = Object.assign(events, { wait: () => Promise.resolve(wait()) }) as unknown as Redis;
    return { events, replicas: new Replicas(client, true) };
  };

  it("is known from the connection that wrote it, and from no other", async () => {
    const { events, replicas } = clientOf(() => 2);
    const { connection } = replicas;
    await replicas.have(connection);
    events.emit("close");
    await expect(replicas.have(connection)).rejects.toThrow(StoreUnavailable);
    await replicas.have(replicas.connection);
  });

  it("is not known when none says so in time, or when the connection is lost meanwhile", async () => {
    const none = clientOf(() => 0);
    await expect(none.replicas.have(none.replicas.connection)).rejects.toThrow("No replica has the write.");
    const lost = clientOf(() => {
      lost.events.emit("close");
      return 2; // What the next connection says, which knows of no write.
    });
    await expect(lost.replicas.have(lost.replicas.connection)).rejects.toThrow(StoreUnavailable);
  });

  it("is not asked where there are none", async () => {
    const client = Object.assign(new EventEmitter(), { wait: () => Promise.reject(new Error("asked")) });
    const replicas = new Replicas(client as unknown as Redis, false);
    await replicas.have(replicas.connection);
  });
});
