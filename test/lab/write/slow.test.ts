import { readFileSync } from "node:fs";
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { marked } from "../../../src/client/telemetry";
import type { Lab } from "../../../src/lab/lab";
import { waitUntil } from "../../servers";
import { route } from "../faults/load";
import { lines, statuses } from "../isolation/raw";
import { onSession, rawTls } from "../isolation/wire";
import { sharedLab } from "../shared";
import { Hand, told } from "./edge";
import { PREFACE, resetStream } from "./resets";
import { secondEnvoy, type SecondEnvoy } from "./second-envoy";

/** Seconds, in place of a minute, ten seconds and five minutes. */
const BODY = 3;
const HEADERS = 2;
const STREAM = 4;
const MANY = 60;
const GRPC = route("otlp-grpc-logs");
const PUSH = route("loki-push");
/** Far more than Envoy lets pass: 500 streams, half of them reset. */
const RESETS = 10_000;
const MEBIBYTE = 1024 ** 2;

describe("senders that are slow, or end in the middle", () => {
  let lab: Lab;
  let second: SecondEnvoy;
  let token: string;
  const open: (() => void)[] = [];
  beforeAll(async () => {
    lab = await sharedLab();
    lab.store.clear();
    second = await secondEnvoy(lab, {
      "request_timeout: 60s": `request_timeout: ${BODY}s`,
      "request_headers_timeout: 10s": `request_headers_timeout: ${HEADERS}s`,
      "max_stream_duration: 300s": `max_stream_duration: ${STREAM}s`,
    });
    token = await lab.token("agent-mx");
  }, 180_000);
  afterAll(async () => {
    for (const close of open) close();
    await second[Symbol.asyncDispose]();
  });

  /** Bytes on a connection of their own, and what comes back. */
  async function raw(bytes: string, end = false): Promise<{ socket: TLSSocket; answer: () => string; closed: () => boolean }> {
    const socket = await rawTls(second.edge, "otlpHttp", "127.0.0.1", "http/1.1");
    open.push(() => socket.destroy());
    let [answer, closed] = ["", false];
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
    socket.on("error", () => undefined).on("close", () => (closed = true));
    if (end) socket.end(bytes);
    else socket.write(bytes);
    return { socket, answer: () => answer, closed: () => closed };
  } // prettier-ignore

  const head = (length: number): string =>
    lines(`POST ${PUSH.path} HTTP/1.1`, "host: x", "content-type: application/json", `authorization: Bearer ${token}`, `content-length: ${length}`, "", ""); // prettier-ignore

  /** Another tenant's writes, by every way, through the same Envoy. */
  async function others(): Promise<void> {
    const hand = new Hand(second.edge as Lab, "pe");
    for (const by of ["otlp-http-logs", "otlp-grpc-logs", "loki-push", "prometheus-push"]) {
      const { status, grpcStatus } = await hand.write(by, "slow_other_end");
      expect([by, grpcStatus ?? 0, status < 300]).toEqual([by, 0, true]);
    }
  }

  it("a body that drips is cut off at its time with an answer, however many do so, and nobody else notices", async () => {
    const { body } = marked(PUSH, "slow_drip_end");
    const drips = await Promise.all(Array.from({ length: MANY }, () => raw(head(body.length))));
    let sent = 0;
    const timer = setInterval(() => {
      for (const { socket } of drips) if (socket.writable) socket.write(body.subarray(sent, sent + 1));
      sent++;
    }, 1_000);
    try {
      await others();
      await waitUntil("all answers", () => drips.every(({ closed }) => closed()), { timeoutMs: 20_000 });
    } finally {
      clearInterval(timer);
    }
    const answers = drips.map(({ answer }) => answer());
    expect(new Set(answers.map((answer) => statuses(Buffer.from(answer)).join()))).toEqual(new Set(["503"]));
    expect(
      answers.every((answer) => answer.includes('"code":"unavailable"') && /retry-after: \d/i.test(answer)),
    ).toBe(true);
    expect(lab.stored({ contains: "slow_drip_end" })).toEqual([]);
    await others();
  }, 60_000);

  it("headers that drip are cut off sooner", async () => {
    const drips = await Promise.all(
      Array.from({ length: MANY }, () => raw("POST /v1/logs HTTP/1.1\r\nhost: x\r\nx-a: ")),
    );
    await others();
    await waitUntil("all ends", () => drips.every(({ closed }) => closed()), { timeoutMs: 20_000 });
    expect(drips.filter(({ answer }) => / 200 /.test(answer()))).toEqual([]);
  }, 60_000);

  it("a connection that is closed in the middle of a body stores nothing, and half-closed after it at most once", async () => {
    const { body } = marked(PUSH, "slow_middle_end");
    const cut = await Promise.all(
      Array.from({ length: MANY }, () => raw(`${head(body.length)}${body.toString().slice(0, 9)}`, true)),
    );
    const whole = marked(PUSH, "slow_whole_end").body;
    const half = await raw(`${head(whole.length)}${whole.toString()}`, true);
    await waitUntil("all ends", () => [...cut, half].every(({ closed }) => closed()), { timeoutMs: 20_000 });
    await others();
    expect(lab.stored({ contains: "slow_middle_end" })).toEqual([]);
    const stored = lab.stored({ contains: "slow_whole_end" });
    expect(stored.length).toBeLessThanOrEqual(1);
    // An answer means that it is stored.
    if (/ 204 /.test(half.answer())) expect(stored.length).toBe(1);
  }, 60_000);

  function session(): ClientHttp2Session {
    const one = connect(`https://${second.edge.urls.otlpGrpc}`, { ca: lab.ca });
    one.on("error", () => undefined);
    open.push(() => {
      one.destroy();
    });
    return one;
  }
  const call = (mark: string) => {
    const { contentType, body } = marked(GRPC, mark);
    const headers = { "content-type": contentType, te: "trailers", authorization: `Bearer ${token}` };
    return { ":method": "POST", ":path": GRPC.path, headers, body } as const;
  };

  it("gRPC calls that stand still end in their time, and the connection's others go on", async () => {
    const one = session();
    const { headers, body } = call("slow_still_end");
    const ended: string[] = [];
    for (let index = 0; index < 50; index++) {
      const stream = one.request({ ":method": "POST", ":path": GRPC.path, ...headers }, { endStream: false });
      let status = "reset";
      const take = (part: IncomingHttpHeaders): void => {
        status = part["grpc-status"]?.toString() ?? status;
      };
      stream.on("response", take).on("trailers", take);
      stream.on("error", () => undefined).on("close", () => ended.push(status));
      stream.resume().write(body.subarray(0, 8));
    }
    const good = call("slow_good_end");
    const beside = await onSession(one, { method: "POST", path: GRPC.path, headers: Object.entries(good.headers), body: good.body }); // prettier-ignore
    expect(beside.grpcStatus).toBe(0);
    await others();
    await waitUntil("all ends", () => ended.length === 50, { timeoutMs: 20_000 });
    // UNAVAILABLE by the edge's clock, or reset: both are sent again.
    expect([...new Set(ended)].filter((status) => !["14", "reset"].includes(status))).toEqual([]);
    const after = await onSession(one, { method: "POST", path: GRPC.path, headers: Object.entries(good.headers), body: good.body }); // prettier-ignore
    expect(after.grpcStatus).toBe(0);
    expect(lab.stored({ contains: "slow_still_end" })).toEqual([]);
  }, 60_000);

  it("whoever begins streams only to reset them is disconnected, within bounds", async () => {
    const resident = (): number => {
      const text = readFileSync(`/proc/${second.running.pid}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1]) * 1024;
    };
    const before = resident();
    const { headers } = call("slow_reset_end");
    const fields = [[":method", "POST"], [":path", GRPC.path], [":scheme", "https"], [":authority", "localhost"], ...Object.entries(headers)] as const; // prettier-ignore
    const socket = await rawTls(second.edge, "otlpGrpc", "127.0.0.1", "h2");
    socket.on("error", () => undefined);
    socket.resume().write(PREFACE);
    let began = 0;
    while (!socket.closed && began < RESETS) {
      const streams = Array.from({ length: 20 }, () => resetStream(2 * began++ + 1, fields));
      socket.write(Buffer.concat(streams));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await waitUntil("the end of the connection", () => socket.closed);
    expect(began).toBeLessThan(RESETS);
    await others();
    expect(resident() - before).toBeLessThan(64 * MEBIBYTE);
  }, 60_000);

  it("still answers as before", async () => {
    expect(told(await new Hand(second.edge as Lab).write("otlp-http-logs", "slow_last_end"))).toBe("200");
  });
});
