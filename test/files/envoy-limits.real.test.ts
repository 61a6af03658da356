import { readFileSync } from "node:fs";
import { connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { connect } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { size } from "../../src/model/units";
import { ENVIRONMENT, tenant } from "../render/input";
import { loopback } from "../servers";
import { ALLOW, Edge, EXPORT, KEY, LOGS, PERSON, READ, type Response } from "./envoy-edge";

const MEBIBYTE = 1024 * 1024;
const memory = size("256MiB");

let edge: Edge;
const open: Socket[] = [];
beforeAll(async () => {
  const sizes = { ...ENVIRONMENT.sizes, envoy: { memory, cpus: 1 } };
  edge = await Edge.start([tenant("co"), tenant("mx")], { sizes });
});
afterAll(() => edge.stop());
beforeEach(() => {
  edge.auth.answer = () => ALLOW;
  edge.reached();
  return () => {
    for (const socket of open.splice(0)) socket.destroy();
  };
});

const resident = (): number => {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${edge.running.pid}/status`, "utf8")) ?? [];
  return Number(kib) * 1024;
};

/** A write of another tenant than the one that does harm. */
const other = async (): Promise<Response> =>
  edge.write(LOGS, await edge.bearer({ azp: "agent-co", tenant_id: "tenant-co" }));

describe("one sender's harm ends with it", () => {
  it("when it begins many large writes and finishes none", async () => {
    const UPLOADS = 12;
    const { authorization } = await edge.bearer();
    expect((await other()).status).toBe(200);
    const before = resident();
    const head = `POST ${LOGS} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\ncontent-length: ${16 * MEBIBYTE}\r\n\r\n`;
    let sent = 0;
    for (let index = 0; index < UPLOADS; index += 1) {
      const socket = connect({ host: loopback, port: edge.port("envoy", "otlpHttp"), ca: edge.ca }, () => {
        socket.write(head);
        socket.write(Buffer.alloc(15 * MEBIBYTE), () => (sent += 1));
      });
      open.push(socket.on("error", () => undefined));
    }
    await expect.poll(() => sent, { timeout: 20_000 }).toBe(UPLOADS);
    await sleep(500);
    expect(resident() - before).toBeLessThan(48 * MEBIBYTE);
    expect((await other()).status).toBe(200);
  }, 40_000);

  it("when it holds all of a listener's connections", async () => {
    const limit = (3 / 8) * Math.floor(memory / size("64KiB"));
    let closed = 0;
    for (let index = 0; index < limit + 50; index += 1) {
      const socket = connectTcp({ host: loopback, port: edge.port("envoy", "otlpHttp") });
      open.push(socket.on("error", () => undefined).on("close", () => (closed += 1)));
      if (index % 100 === 99) await sleep(20);
    }
    await expect.poll(() => closed, { timeout: 5_000 }).toBeGreaterThanOrEqual(50);
    expect(closed).toBeLessThan(100);
    await expect(other()).rejects.toThrow();
    expect((await edge.ask("query", READ, { headers: PERSON })).status).toBe(200);
    expect((await edge.grpc(EXPORT, KEY))["grpc-status"]).toBe("0");
    expect((await edge.health("/ready")).status).toBe(200);
  }, 30_000);
});

describe("a body that says it is too large is refused before it is sent", () => {
  const length = `${17 * MEBIBYTE}`;

  it("over HTTP/1", async () => {
    const { authorization } = await edge.bearer();
    const head = `POST ${LOGS} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\ncontent-length: ${length}\r\n\r\n`;
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect({ host: loopback, port: edge.port("envoy", "otlpHttp"), ca: edge.ca }, () => {
        socket.write(head);
      });
      open.push(socket.on("error", reject));
      socket.on("data", (chunk: Buffer) => {
        resolve(chunk.toString());
      });
    });
    expect(edge.reached()).toEqual([]);
    expect(answer).toMatch(/^HTTP\/1.1 413 [\s\S]*"code":"body_too_large"/);
  });

  it("over gRPC, for good", async () => {
    const { authorization } = await edge.bearer();
    const target = `https://${loopback}:${edge.port("envoy", "otlpGrpc")}`;
    const session = connectHttp2(target, { ca: edge.ca });
    const answer = await new Promise<IncomingHttpHeaders>((resolve, reject) => {
      const head = { ":method": "POST", ":path": EXPORT, "content-type": "application/grpc", te: "trailers" };
      session.on("error", reject);
      session
        .request({ ...head, authorization, "content-length": length }, { endStream: false })
        .on("error", reject)
        .on("response", resolve);
    }).finally(() => {
      session.destroy();
    });
    expect([answer["grpc-status"], answer["grpc-message"]]).toEqual(["8", "The request is too large."]);
    expect(edge.reached()).toEqual([]);
  });
});
