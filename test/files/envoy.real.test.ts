import { connect } from "node:tls";
import { connect as connectHttp2 } from "node:http2";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { REALM } from "../../src/model/names";
import { rate } from "../../src/model/units";
import { renderEnvoy } from "../../src/render/envoy";
import type { RenderInput } from "../../src/render/input";
import { tenant } from "../render/input";
import { loopback, run, server, start, tempDir, waitUntil, type Running } from "../servers";
import { ask, askPlain, certificate, GrpcRecorder, portOf, realm, Recorder, replace, type Ask, type Answer } from "./envoy-edge";
import { localInput } from "./local";

const envoy = () => server("envoy").bin;
const flags = (file: string) => ["--disable-hot-restart", "--concurrency", "2", "-l", "warning", "-c", file];

describe("the edge in a real Envoy", () => {
  const dir = tempDir();
  const TENANTS = [
    tenant("co"),
    tenant("mx"),
    tenant("pe", { state: "suspended" }),
    tenant("slow", { limits: { ...tenant("slow").limits, edge: { requests: rate("1/s"), burst: 3 } } }),
  ];
  let input: RenderInput;
  let running: Running;
  let ca = "";
  let keys: Awaited<ReturnType<typeof realm>>;
  const auth = new Recorder();
  const keycloak = new Recorder();
  const mimir = new Recorder();
  const loki = new Recorder();
  const tempo = new Recorder();
  const collector = new Recorder();
  const collectorGrpc = new GrpcRecorder();
  const backends = [mimir, loki, tempo, collector];

  const health = (path: string, method = "GET") => askPlain({ port: portOf(input, "envoy", "health") }, path, method);
  const http = (path: string, options?: Ask) => ask(portOf(input, "envoy", "otlpHttp"), ca, path, options);
  const query = (path: string, options?: Ask) => ask(portOf(input, "envoy", "query"), ca, path, options);
  const bearer = async (claims = {}, options = {}) => ({ authorization: `Bearer ${await keys.token(claims, options)}` });
  const statistic = async (name: string): Promise<number> => {
    const { body } = await health("/stats/prometheus");
    const lines = body.split("\n").filter((line) => line.startsWith(name));
    return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  };

  beforeAll(async () => {
    input = await localInput(dir.path, TENANTS);
    keys = await realm(`${input.topology.urls.keycloak}/realms/${REALM}`);
    ca = await certificate(input);
    keycloak.answer = () => ({ body: keys.keys });
    await Promise.all([
      auth.listen(portOf(input, "auth", "http")),
      keycloak.listen(portOf(input, "keycloak", "http")),
      mimir.listen(portOf(input, "mimir", "http")),
      loki.listen(portOf(input, "loki", "http")),
      tempo.listen(portOf(input, "tempo", "http")),
      collector.listen(portOf(input, "alloy-gateway", "otlpHttp")),
      collectorGrpc.listen(portOf(input, "alloy-gateway", "otlpGrpc")),
    ]);
    const files = renderEnvoy(input);
    replace(files);
    const ready = { url: `http://${loopback}:${portOf(input, "envoy", "health")}/ready` };
    running = await start(envoy(), flags(files[0]?.target ?? ""), { ready });
  });
  afterAll(async () => {
    await running.stop();
    console.log(running.output());
    collectorGrpc.close();
    await Promise.all([auth, keycloak, ...backends].map((recorder) => recorder.close()));
    dir.remove();
  });
  it("x", async () => {
    const out: unknown[] = [];
    const probe = async (name: string, p: Promise<unknown>) => {
      const before = [...backends, auth].map((b) => b.received.length);
      let r: any;
      try { r = await p; } catch (e) { r = String(e); }
      const seen = [...backends, auth].flatMap((b, i) => b.received.slice(before[i]).map((x) => ({ to: ["mimir", "loki", "tempo", "collector", "auth"][i], m: x.method, path: x.path, h: Object.fromEntries(Object.entries(x.headers).filter(([k]) => !/^(user-agent|content-|accept|connection|transfer|host|x-request)/.test(k))) })));
      out.push([name, r?.status ?? r, r?.headers && Object.fromEntries(Object.entries(r.headers).filter(([k]) => !/^(date|connection|transfer|x-request)/.test(k))), r?.body, JSON.stringify(seen)].map((x) => typeof x === "string" ? x : JSON.stringify(x)).join(" | "));
    };
    const post = (h: object, extra: object = {}) => ({ method: "POST", body: "{}", headers: h as any, ...extra });
    const L = "/v1/logs";
    await probe("good", http(L, post(await bearer())));
    await probe("x-envoy", http(L, post({ ...(await bearer()), "x-envoy-upstream-rq-timeout-ms": "1", "x-envoy-retry-on": "5xx", "x-envoy-original-path": "/x",  "x-request-id": "mine", "x-envoy-max-retries": "3", "x-forwarded-host": "a", "x-envoy-decorator-operation": "s", "x-envoy-ip-tags": "s" })));
    collector.answer = () => ({ status: 400, body: "mimir:9009".repeat(20000), headers: { "content-type": "text/x", "content-encoding": "gzip", "x-scope-orgid": "tenant-mx" } });
    await probe("err big", http(L, post(await bearer())));
    collector.answer = () => ({ status: 400, body: "mimir:9009", headers: { "content-type": "text/x", "content-length": "10" } });
    await probe("err", http(L, post(await bearer())));
    collector.answer = () => ({ status: 500, headers: { "content-length": "0" } });
    await probe("err empty", http(L, post(await bearer())));
    collector.answer = () => ({});
    for (const p of ["/ready", "/ready?x", "/ready/"]) await probe(p, health(p));
    await probe("xff", http(L, post({ ...(await bearer()), "x-forwarded-for": "1.2.3.4" })));
    auth.answer = () => ({ headers: { "x-scope-orgid": "tenant-mx", "x-user-id": "u", "x-evil": "1" } });
    await probe("ws", http("/loki/api/v1/query", { headers: { authorization: "Bearer p", connection: "Upgrade", upgrade: "websocket" } }));
    const upgrade = (port: number, path: string) => new Promise((resolve) => { const s = connect({ host: loopback, port, ca }, async () => { s.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer p\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`); }); let t = ""; s.on("data", (d) => t += d); setTimeout(() => { s.destroy(); resolve(t); }, 500); });
    await probe("tail", upgrade(portOf(input, "envoy", "otlpHttp"), "/loki/api/v1/tail?query=x"));
    await probe("tail no", upgrade(portOf(input, "envoy", "otlpHttp"), "/loki/api/v1/query?query=x"));
    const raw = (text: string) => new Promise((resolve) => { const s = connect({ host: loopback, port: portOf(input, "envoy", "otlpHttp"), ca }, async () => { s.write(text); }); let t = ""; s.on("data", (d) => t += d); setTimeout(() => { s.destroy(); resolve(t); }, 300); });
    const t = await keys.token();
    for (const h of ["x-scope-orgid: tenant-mx\rx-scope-orgid: tenant-co", "x: a\0b", "x: \x80\xff", " x-scope-orgid: tenant-co", "x-scope-orgid : tenant-co", "transfer-encoding: chunked\r\ncontent-length: 5", "x-scope-orgid: tenant-mx\r\n\ttenant-co"]) await probe(`raw ${JSON.stringify(h)}`, raw(`POST /v1/logs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${t}\r\n${h}\r\ncontent-length: 0\r\n\r\n`));
    await probe("http10", raw(`POST /v1/logs HTTP/1.0\r\nhost: x\r\nauthorization: Bearer ${t}\r\ncontent-length: 0\r\n\r\n`));
    await probe("connect", raw(`CONNECT mimir:9009 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${t}\r\n\r\n`));
    await probe("garbage", raw(`\x16\x03 garbage\r\n\r\n`));
    // grpc
    const grpc = (path: string, headers: any, port = portOf(input, "envoy", "otlpGrpc")) => new Promise((resolve) => {
      const c = connectHttp2(`https://127.0.0.1:${port}`, { ca });
      c.on("error", (e) => resolve(String(e)));
      const r = c.request({ ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers", ...headers });
      let h: any, tr: any;
      r.on("response", (x) => (h = x)); r.on("trailers", (x) => (tr = x)); r.on("error", (e) => resolve(String(e)));
      r.on("data", () => {}); r.on("end", () => { c.close(); resolve(JSON.stringify({ h, tr, seen: collectorGrpc.received.splice(0).map((x) => x.headers) })); });
      r.end(Buffer.from([0, 0, 0, 0, 0]));
    });
    const P = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
    await probe("grpc ok", grpc(P, await bearer()));
    await probe("grpc none", grpc(P, {}));
    await probe("grpc wrong", grpc(P, await bearer({ tenant_id: "tenant-co" })));
    await probe("grpc kid", grpc(P, await bearer({}, { kid: "x" })));
    await probe("grpc aud", grpc(P, await bearer({ aud: "x" })));
    await probe("grpc 404", grpc("/x/Y", await bearer()));
    await probe("grpc key", grpc(P, { "x-api-key": "k" }));
    auth.answer = () => ({ status: 403, body: '{"code":"right_missing"}' });
    await probe("grpc key denied", grpc(P, { "x-api-key": "k" }));
    auth.answer = () => ({ status: 500 });
    await probe("grpc key down", grpc(P, { "x-api-key": "k" }));
    for (const trailersOnly of [true, false]) for (const s of [0, 3, 8, 13, 14]) { collectorGrpc.trailersOnly = trailersOnly; collectorGrpc.status = s; collectorGrpc.message = s ? "http://mimir:9009 said no" : ""; await probe(`grpc up ${s} ${trailersOnly}`, grpc(P, await bearer())); }
    await probe("slow tenant", Promise.all([1, 2, 3, 4, 5].map(async () => (await http(L, post(await bearer({ azp: "agent-slow", tenant_id: "tenant-slow" })))))).then((x) => JSON.stringify(x)));
    await probe("mx fine", http(L, post(await bearer())));
    await probe("slow grpc", grpc(P, await bearer({ azp: "agent-slow", tenant_id: "tenant-slow" })));
    console.log(out.join("\n"));
  }, 120000);
});
