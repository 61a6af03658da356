import { gzipSync } from "node:zlib";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { snappy } from "../../../src/client/snappy";
import { marked } from "../../../src/client/telemetry";
import type { Chosen } from "../../../src/lab/backends/backend";
import type { Lab } from "../../../src/lab/lab";
import { LARGEST_WRITE } from "../../../src/model/sizes";
import { route } from "../faults/load";
import { sharedLab } from "../shared";
import { Hand, told } from "./edge";

const LOKI = "loki-push";
const MIMIR = "prometheus-push";
const WRITTEN = ["samples", "histograms", "exemplars"].map(
  (what) => `x-prometheus-remote-write-${what}-written`,
);
const SERIES = marked(route(MIMIR), "push_mark_end").body;
const LINES = marked(route(LOKI), "push_mark_end").body;

/** What senders of Prometheus and Loki say of a body, and which way it goes. */
const SENT: readonly (readonly [what: string, by: string, headers: Readonly<Record<string, string>>, body: Buffer])[] = [
  ["remote write 1.0", MIMIR, { "content-type": "application/x-protobuf", "content-encoding": "snappy", "x-prometheus-remote-write-version": "0.1.0" }, SERIES],
  ["remote write 2.0", MIMIR, { "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request", "content-encoding": "snappy", "x-prometheus-remote-write-version": "2.0.0" }, SERIES],
  ["Loki's protobuf", LOKI, { "content-type": "application/x-protobuf" }, snappy(LINES)],
  ["Loki's JSON", LOKI, { "content-type": "application/json" }, LINES],
  ["Loki's JSON in gzip", LOKI, { "content-type": "application/json", "content-encoding": "gzip" }, gzipSync(LINES)],
]; // prettier-ignore

const WORDS = "per-user ingestion rate limit exceeded";

describe("what goes to the backends as it came", () => {
  let lab: Lab;
  let hand: Hand;
  beforeAll(async () => {
    lab = await sharedLab();
    hand = new Hand(lab);
  }, 180_000);
  afterEach(() => {
    for (const backend of Object.values(lab.backends)) backend.answer = undefined;
  });

  it.each(SENT)("is not changed on its way: %s", async (_what, by, headers, body) => {
    lab.store.clear();
    const answered = Object.fromEntries(WRITTEN.map((name, index) => [name, `${index + 1}`]));
    lab.backends.mimir.answer = () => ({ status: 204, headers: { ...answered, server: "inner" } });
    const answer = await hand.send({ by, headers, body });
    expect(answer.status).toBe(204);
    const [received, ...more] = lab.stored();
    expect([received?.tenant, more.length]).toEqual(["tenant-mx", 0]);
    expect(received?.headers).toMatchObject({ ...headers, "content-length": String(body.length) });
    expect(received?.body.toString("latin1")).toContain("push_mark_end");
    // Remote write 2.0 is told how much of it was written.
    if (by === MIMIR) expect(answer.headers).toMatchObject(answered);
    expect(answer.headers).not.toHaveProperty("server");
  });

  it.each<readonly [by: string, chosen: Chosen, answer: string]>([
    // Prometheus and the collector drop what remote write answers 429.
    [MIMIR, { status: 429, body: WORDS }, "503 after 5"],
    [MIMIR, { status: 429, body: WORDS, headers: { "retry-after": "7" } }, "503 after 7"],
    [LOKI, { status: 429, body: WORDS }, "429 after 5"],
    [LOKI, { status: 429, body: WORDS, headers: { "retry-after": "7" } }, "429 after 7"],
    [MIMIR, { status: 400, body: WORDS }, "400"],
    [LOKI, { status: 400, body: WORDS }, "400"],
    [MIMIR, { status: 413, body: WORDS }, "413"],
    [LOKI, { status: 415, body: WORDS }, "415"],
  ])("by %s, a refusal is told in the backend's own words: %j", async (by, chosen, answer) => {
    for (const backend of [lab.backends.mimir, lab.backends.loki]) backend.answer = () => chosen;
    const response = await hand.write(by, "push_refused_end");
    expect([told(response), response.body]).toEqual([answer, WORDS]);
  });

  it.each([MIMIR, LOKI])(
    "by %s is refused when it says that it is too large",
    async (by) => {
      const headers = { "content-type": "application/x-protobuf" };
      const fits = await hand.send({ by, headers, body: Buffer.alloc(LARGEST_WRITE) });
      const large = await hand.send({ by, headers, body: Buffer.alloc(LARGEST_WRITE + 1) });
      expect([fits.status < 300, told(large)]).toEqual([true, "413 body_too_large"]);
    },
    30_000,
  );
});
