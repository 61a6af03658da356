import { readFileSync, writeFileSync } from "node:fs";
import { deflateSync, gzipSync } from "node:zlib";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { labInput } from "../../../src/lab/declare";
import type { Lab } from "../../../src/lab/lab";
import { LARGEST_OTLP } from "../../../src/model/sizes";
import { abandonLoads, FLAWLESS, Load } from "../faults/load";
import { agent } from "../faults/people";
import { sharedLab } from "../shared";
import { framed, Hand, told, type Sent } from "./edge";

const MEBIBYTE = 1024 ** 2;
/** What a mebibyte unpacks to, or nearly. */
const UNPACKED = 1024 * MEBIBYTE;
const AT_ONCE = 4;
const ROUNDS = 3;

/** Members of gzip one after the other are one stream: this many of this much. */
function gzipBomb(): Buffer {
  const part = gzipSync(Buffer.alloc(64 * MEBIBYTE), { level: 9 });
  return Buffer.concat(Array.from({ length: UNPACKED / (64 * MEBIBYTE) }, () => part));
}

/** Snappy that says it is a gibibyte: its length comes first. */
function snappyBomb(): Buffer {
  const head = [0x80, 0x80, 0x80, 0x80, 0x04];
  // Zero, then copies of 64 bytes from one byte back.
  const copies = Buffer.alloc(3 * 300_000);
  for (let at = 0; at < copies.length; at += 3) copies.set([(63 << 2) | 2, 1, 0], at);
  return Buffer.concat([Buffer.from([...head, 0, 0]), copies]);
}

const PROTOBUF = { "content-type": "application/x-protobuf" };
const BOMBS = (): readonly (readonly [what: string, sent: Sent, answer: string])[] => {
  const [gzip, deflate, snappy] = [gzipBomb(), deflateSync(Buffer.alloc(256 * MEBIBYTE)), snappyBomb()];
  const http = (encoding: string, body: Buffer): Sent => ({
    by: "otlp-http-traces",
    headers: { ...PROTOBUF, "content-encoding": encoding },
    body,
  });
  const grpc = (encoding: string, body: Buffer): Sent => ({
    by: "otlp-grpc-metrics",
    headers: { "grpc-encoding": encoding },
    body: framed(body, { packed: 1 }),
  });
  return [
    ["gzip", http("gzip", gzip), "413 body_too_large"],
    ["deflate", http("deflate", deflate), "413 body_too_large"],
    ["snappy", http("snappy", snappy), "413 body_too_large"],
    ["zstd", http("zstd", ZSTD), "415 encoding_unsupported"],
    ["gzip over gRPC", grpc("gzip", gzip), "grpc 8"],
    ["zstd over gRPC", grpc("zstd", ZSTD), "grpc 12"],
  ];
};
/** Ten bytes: a frame that wants a window of 512 MiB. */
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x98, 0x09, 0x00, 0x00, 0x41]);

/** A protobuf field that holds all that is there already, written from the end of a buffer to its beginning. */
class Backwards {
  #at: number;

  constructor(private readonly bytes: Buffer) {
    this.#at = bytes.length;
  }

  get length(): number {
    return this.bytes.length - this.#at;
  }

  wrap(field: number): void {
    const varint: number[] = [];
    for (let rest = this.length; ; rest = Math.floor(rest / 128)) {
      varint.push(rest < 128 ? rest : (rest % 128) | 128);
      if (rest < 128) break;
    }
    this.#at -= varint.length + 1;
    this.bytes.set([(field << 3) | 2, ...varint], this.#at);
  }

  get written(): Buffer {
    return this.bytes.subarray(this.#at);
  }
}

/** A log record whose body is a list in a list in a list, as deep as fits. */
function nested(): Buffer {
  const body = new Backwards(Buffer.alloc(LARGEST_OTLP));
  // ArrayValue.values, AnyValue.array_value; and room for what is around it.
  while (body.length < LARGEST_OTLP - 64) for (const field of [1, 5]) body.wrap(field);
  // LogRecord.body, ScopeLogs.log_records, ResourceLogs.scope_logs, resource_logs.
  for (const field of [5, 2, 2, 1]) body.wrap(field);
  return body.written;
}

/** Nothing, very often: two bytes each become a structure. */
const empty = (): Buffer => gzipSync(Buffer.alloc(LARGEST_OTLP, Buffer.from([(1 << 3) | 2, 0])));

/** The most that a process had in memory since {@link forget}; bytes. */
function peak(pid: number): number {
  const [, kib] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) * 1024;
}
const forget = (pid: number): void => {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
};

describe("bodies that unpack to more than there is", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await sharedLab();
    lab.store.clear();
  }, 180_000);
  afterEach(abandonLoads);

  it("are refused within the declared memory, and nobody else notices", async () => {
    const { collector, envoy } = lab.processes;
    for (const { pid } of [collector, envoy]) forget(pid);
    const others = new Load(lab, [agent(lab, "pe"), agent(lab, "co", "otlp-grpc-metrics")], 50);
    const hand = new Hand(lab);
    const found = new Map<string, Set<string>>();
    const bombs = BOMBS();
    for (let round = 0; round < ROUNDS; round++)
      for (const [what, sent] of bombs) {
        const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => hand.send(sent)));
        found.set(what, new Set([...(found.get(what) ?? []), ...answers.map(told)]));
      }
    expect([...found]).toEqual(bombs.map(([what, , answer]) => [what, new Set([answer])]));
    expect(await others.stop()).toMatchObject(FLAWLESS);
    const { sizes } = labInput("dev").environment;
    const peaks = { collector: peak(collector.pid), envoy: peak(envoy.pid) };
    console.log(Object.entries(peaks).map(([name, bytes]) => `${name} ${Math.ceil(bytes / MEBIBYTE)} MiB`).join(", ")); // prettier-ignore
    expect(peaks.collector).toBeLessThan(sizes["alloy-gateway"].memory);
    expect(peaks.envoy).toBeLessThan(sizes.envoy.memory);
  }, 90_000);

  it("that are nothing but structure do not end the collector, alone", async () => {
    const { collector } = lab.processes;
    const { pid } = collector;
    const hand = new Hand(lab);
    const sent: readonly (readonly [string, Sent])[] = [
      ["nested", { by: "otlp-http-logs", headers: PROTOBUF, body: nested() }],
      [
        "empty",
        { by: "otlp-http-logs", headers: { ...PROTOBUF, "content-encoding": "gzip" }, body: empty() },
      ],
    ];
    const [peaks, answers]: [number[], string[]] = [[], []];
    for (const [, one] of sent) {
      forget(pid);
      answers.push(told(await hand.send(one)));
      peaks.push(peak(pid));
    }
    console.log(
      peaks.map((bytes, at) => `${sent[at]?.[0] ?? ""} ${Math.ceil(bytes / MEBIBYTE)} MiB`).join(", "),
    );
    expect([collector.running, collector.pid]).toEqual([true, pid]);
    expect(answers).toEqual(["200", "200"]);
    const { memory } = labInput("dev").environment.sizes["alloy-gateway"];
    expect(peaks.filter((bytes) => bytes > memory)).toEqual([]);
    lab.store.clear();
  }, 120_000);
});
