import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { connect as connectHttp2, type IncomingHttpHeaders as Http2Headers } from "node:http2";
import { request as httpsRequest } from "node:https";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { CryptoKey } from "jose";
import { expect } from "vitest";
import type { Environment } from "../../src/model/environment";
import type { RenderedFile } from "../../src/model/files";
import { REALM } from "../../src/model/names";
import type { Listener } from "../../src/model/routes";
import type { SharedService } from "../../src/model/services";
import type { Tenant } from "../../src/model/tenant";
import { renderEnvoy } from "../../src/render/envoy";
import type { RenderInput } from "../../src/render/input";
import { loopback, server, start, tempDir, type Running } from "../servers";
import { localInput } from "./local";
import { certificate, realm, type Claims, type Sign } from "./realm";
import { GrpcRecorder, Recorder, type Answer, type Received } from "./recorders";

/** What the tests send. */
export const LOGS = "/v1/logs";
export const READ = "/loki/api/v1/query";
export const EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
export const KEY = { "x-api-key": "k" };
export const PERSON = { authorization: "Bearer person" };
/** What the auth service says of a good credential of tenant mx. */
export const ALLOW: Answer = { headers: { "x-scope-orgid": "tenant-mx", "x-user-id": "someone" } };

export interface Response {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
}

/** Puts files in place as a host does: complete, by rename. */
export function replace(files: readonly RenderedFile[]): void {
  for (const { target, content } of files) {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(`${target}.new`, content);
    renameSync(`${target}.new`, target);
  }
}

/** A real Envoy on rendered files, with recorders for all that is behind it. */
export class Edge {
  readonly auth = new Recorder();
  readonly keycloak = new Recorder();
  readonly mimir = new Recorder();
  readonly loki = new Recorder();
  readonly tempo = new Recorder();
  readonly collector = new Recorder();
  readonly collectorGrpc = new GrpcRecorder();
  ca = "";
  #running: Running | undefined;

  private constructor(
    readonly input: RenderInput,
    readonly realm: { readonly keys: string; readonly sign: Sign },
    readonly remove: () => void,
  ) {
    this.keycloak.answer = () => ({ body: realm.keys });
  }

  /** Envoy is not running yet, everything behind it is. */
  static async prepare(tenants: readonly Tenant[], environment: Partial<Environment> = {}): Promise<Edge> {
    const dir = tempDir();
    const local = await localInput(dir.path, tenants);
    const input = { ...local, environment: { ...local.environment, ...environment } };
    const issuer = `${input.topology.urls.keycloak}/realms/${REALM}`;
    const edge = new Edge(input, await realm(issuer), () => {
      dir.remove();
    });
    edge.ca = await certificate(input);
    replace(renderEnvoy(input));
    await Promise.all([
      edge.auth.listen(edge.port("auth", "http")),
      edge.keycloak.listen(edge.port("keycloak", "http")),
      edge.mimir.listen(edge.port("mimir", "http")),
      edge.loki.listen(edge.port("loki", "http")),
      edge.tempo.listen(edge.port("tempo", "http")),
      edge.collector.listen(edge.port("alloy-gateway", "otlpHttp")),
      edge.collectorGrpc.listen(edge.port("alloy-gateway", "otlpGrpc")),
    ]);
    return edge;
  }

  static async start(tenants: readonly Tenant[], environment: Partial<Environment> = {}): Promise<Edge> {
    const edge = await Edge.prepare(tenants, environment);
    await edge.start();
    return edge;
  }

  async start(): Promise<void> {
    const bootstrap = `${this.input.topology.services.envoy.directories.config}/bootstrap.yaml`;
    const ready = { url: `http://${loopback}:${this.port("envoy", "health")}/ready` };
    const flags = ["--disable-hot-restart", "--concurrency", "2", "-l", "warning", "-c", bootstrap];
    this.#running = await start(server("envoy").bin, flags, { ready });
  }

  get running(): Running {
    if (this.#running === undefined) throw new Error("Envoy was not started");
    return this.#running;
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
    this.collectorGrpc.close();
    await Promise.all([this.auth, this.keycloak, ...this.#backends].map((recorder) => recorder.close()));
    this.remove();
  }

  get #backends(): readonly Recorder[] {
    return [this.mimir, this.loki, this.tempo, this.collector];
  }

  port(service: SharedService, name: string): number {
    return (this.input.topology.services[service].ports as Readonly<Record<string, number>>)[name] ?? 0;
  }

  /** What reached any backend since this was asked last; the auth service is none. */
  reached(): readonly Received[] {
    return [...this.#backends, this.collectorGrpc].flatMap(({ received }) => received.splice(0));
  }

  async bearer(claims: Claims = {}, kid?: string, key?: CryptoKey): Promise<{ authorization: string }> {
    return { authorization: `Bearer ${await this.realm.sign(claims, kid, key)}` };
  }

  /** A POST to the ingest port. */
  async write(path: string, headers: Ask["headers"] = {}, body = "{}"): Promise<Response> {
    return this.ask("otlpHttp", path, { method: "POST", headers, body });
  }

  /** One request over TLS, its path exactly as given. */
  ask(listener: Listener, path: string, { method = "GET", headers = {}, body }: Ask = {}): Promise<Response> {
    const target = {
      host: loopback,
      port: this.port("envoy", listener),
      ca: this.ca,
      agent: false,
      timeout: 20_000,
    } as const;
    return new Promise((resolve, reject) => {
      const outgoing = httpsRequest({ ...target, path, method, headers }, (response) => {
        collect(response, resolve);
      });
      outgoing.on("error", reject).on("timeout", () => outgoing.destroy(new Error("no answer in 20 s")));
      outgoing.end(body);
    });
  }

  /** One call, with an empty message unless another is given; headers and trailers of the answer together. */
  grpc(path: string, headers: Readonly<Record<string, string>>, body?: Buffer): Promise<Http2Headers> {
    const head = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" };
    return this.http2("otlpGrpc", { ...head, ...headers }, undefined, body);
  }

  /** One request over HTTP/2, with trailers if there are any. */
  http2(
    listener: Listener,
    headers: Readonly<Record<string, string>>,
    trailers?: Readonly<Record<string, string>>,
    body: Buffer = Buffer.alloc(5),
  ): Promise<Http2Headers> {
    const session = connectHttp2(`https://${loopback}:${this.port("envoy", listener)}`, { ca: this.ca });
    return new Promise<Http2Headers>((resolve, reject) => {
      const call = session.request(headers, { endStream: false, waitForTrailers: trailers !== undefined });
      let answer: Http2Headers = {};
      const take = (part: Http2Headers): void => {
        answer = { ...answer, ...part };
      };
      session.on("error", reject);
      call.on("response", take).on("trailers", take).on("error", reject);
      call.on("wantTrailers", () => {
        call.sendTrailers(trailers ?? {});
      });
      call.resume().on("end", () => {
        resolve(answer);
      });
      if (headers[":method"] !== "CONNECT") call.end(body);
    }).finally(() => {
      session.destroy();
    });
  }

  health(path: string, method = "GET"): Promise<Response> {
    return askPlain({ host: loopback, port: this.port("envoy", "health") }, path, method);
  }

  admin(path: string, method = "GET"): Promise<Response> {
    return askPlain(
      { socketPath: `${this.input.topology.services.envoy.directories.data}/admin.sock` },
      path,
      method,
    );
  }

  /** The sum of a counter over all its labels. */
  async counter(name: string): Promise<number> {
    const { body } = await this.health("/stats/prometheus");
    const lines = body.split("\n").filter((line) => line.startsWith(`${name}{`));
    return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  }
}

/** `401 token_invalid` */
export const codeOf = ({ status, body }: Response): string => {
  const { code } = JSON.parse(body) as { code: string };
  return `${status} ${code}`;
};

/** Refused with this status and code, without a name in it, and nothing reached any backend. */
export async function refused(
  edge: Edge,
  answer: Promise<Response>,
  expected: string,
  type = "application/json",
): Promise<void> {
  const response = await answer;
  expect(codeOf(response)).toBe(expected);
  expect(response.headers["content-type"]).toBe(type);
  if (response.status === 503 || response.status === 429)
    expect(Number(response.headers["retry-after"])).toBeGreaterThan(0);
  const told = `${response.body}${JSON.stringify(response.headers)}`;
  expect(told).not.toMatch(/tenant-|agent-|127\.0\.0\.1:|envoy/);
  expect(edge.reached()).toEqual([]);
}

/** One request without TLS. */
function askPlain(target: object, path: string, method: string): Promise<Response> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ ...target, path, method, agent: false, timeout: 5_000 }, (response) => {
      collect(response, resolve);
    });
    outgoing.on("error", reject).on("timeout", () => outgoing.destroy(new Error("no answer in 5 s")));
    outgoing.end();
  });
}

function collect(response: IncomingMessage, resolve: (whole: Response) => void): void {
  const chunks: Buffer[] = [];
  response.on("data", (chunk: Buffer) => chunks.push(chunk));
  response.on("end", () => {
    resolve({
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: Buffer.concat(chunks).toString(),
    });
  });
}
