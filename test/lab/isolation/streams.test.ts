import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:http2";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TOKEN_LIFE, ROUTES } from "../../../src/model/routes";
import { EdgeStatus } from "../../../src/lab/edge";
import type { Lab } from "../../../src/lab/lab";
import { freePort, server, start, waitUntil, type Running } from "../../servers";
import { sharedLab } from "../shared";
import { marked } from "../../../src/client/telemetry";
import { lines } from "./raw";
import { rawTls, send, type Edge } from "./wire";

/** Seconds. In place of a token's life, which is minutes. */
const LIFE = 2;

/** A second Envoy on the same files, in which a token lives two seconds: what is cut there is cut here after five minutes. */
describe("21b: streams that were opened before", () => {
  let lab: Lab;
  let edge: Edge;
  let envoy: Running;
  beforeAll(async () => {
    lab = await sharedLab();
    const place = lab.topology.services.envoy;
    const ports = { ...place.ports };
    let text = readFileSync(join(place.directories.config, "bootstrap.yaml"), "utf8");
    for (const [name, port] of Object.entries(place.ports)) {
      const free = await freePort();
      text = text.replaceAll(`port_value: ${port}\n`, `port_value: ${free}\n`);
      Object.assign(ports, { [name]: free });
    }
    expect(text.split(`max_stream_duration: ${TOKEN_LIFE}s`).length).toBeGreaterThan(LISTENERS_AND_STREAMS);
    text = text.replaceAll(`${TOKEN_LIFE}s`, `${LIFE}s`).replaceAll("admin.sock", "admin-2.sock");
    const file = join(lab.directory, "short-lived.yaml");
    writeFileSync(file, text);
    const services = { ...lab.topology.services, envoy: { ...place, ports } };
    const topology = { ...lab.topology, services };
    edge = { topology, ca: lab.ca };
    const args = ["--config-path", file, "--disable-hot-restart", "--concurrency", "1"];
    const ready = { url: `http://127.0.0.1:${ports.health}/ready` };
    envoy = await start(server("envoy").bin, args, { ready, ownGroup: true });
    await new EdgeStatus(topology).hasKeys();
  }, 180_000);
  afterAll(async () => {
    await envoy.stop();
  });

  it("end within a token's life, and are not opened again once their tenant is suspended", async () => {
    const shipped = lab.tenants;
    const [token, key] = [await lab.token("agent-pe"), lab.grafana("pe").authorization];
    const [log] = ROUTES.filter(({ id }) => id === "otlp-grpc-logs");
    if (log === undefined) throw new Error("no route");

    const tail = await rawTls(edge, "query", "127.9.0.1", "http/1.1");
    let [answered, tailEnded, exportEnded] = ["", 0, 0];
    tail.on("data", (chunk: Buffer) => (answered += chunk.toString()));
    tail.on("error", () => undefined).on("close", () => (tailEnded = Date.now()));
    tail.write(lines("GET /loki/api/v1/tail?query=x HTTP/1.1", "host: localhost", `authorization: ${key}`, "connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13", "sec-websocket-key: AQIDBAUGBwgJCgsMDQ4PEC==", "", "")); // prettier-ignore

    const socket = await rawTls(edge, "otlpGrpc", "127.9.0.2", "h2");
    const session = connect("https://localhost", { createConnection: () => socket });
    session.on("error", () => undefined);
    const item = marked(log, "iso_stream_1");
    const headers = { "content-type": item.contentType, te: "trailers", authorization: `Bearer ${token}` };
    const stream = session.request(
      { ":method": "POST", ":path": log.path, ...headers },
      { endStream: false },
    );
    stream.on("error", () => undefined).on("close", () => (exportEnded = Date.now()));
    // Half a message: an export that has begun and does not end.
    stream.write(item.body.subarray(0, 8));

    const opened = Date.now();
    await waitUntil("the tail", () => answered.includes(" 101 "));
    expect(lab.backends.loki.streams.size).toBe(1);
    try {
      await lab.applyTenants(shipped.map((one) => (one.id === "pe" ? { ...one, state: "suspended" } : one)));
      await waitUntil("the end of both", () => tailEnded > 0 && exportEnded > 0, { timeoutMs: 10_000 });
      expect(Math.max(tailEnded, exportEnded) - opened).toBeLessThan((LIFE + 2) * 1_000);
      const { streams } = lab.backends.loki;
      await waitUntil("the end at the backend", () => [...streams].every((one) => one.readableEnded));
      const again = await send(edge, { listener: "query", method: "GET", path: "/loki/api/v1/tail?query=x", headers: [["authorization", key], ["connection", "upgrade"], ["upgrade", "websocket"], ["sec-websocket-version", "13"], ["sec-websocket-key", "AQIDBAUGBwgJCgsMDQ4PEC=="]], source: "127.9.0.3" }); // prettier-ignore
      const export_ = await send(edge, { listener: "otlpGrpc", method: "POST", path: log.path, headers: Object.entries(headers), body: item.body, source: "127.9.0.4" }); // prettier-ignore
      expect([again.status, export_.grpcStatus]).toEqual([403, 7]);
    } finally {
      session.destroy();
      for (const one of lab.backends.loki.streams) one.destroy();
      await lab.applyTenants(shipped);
    }
  }, 60_000);
});

/** Each listener has the bound, and each route that streams its own. */
const LISTENERS_AND_STREAMS = 3 + ROUTES.filter(({ limits }) => limits.stream !== undefined).length;
