import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from "node:http";
import { createServer as createHttp2Server, type Http2Server, type IncomingHttpHeaders as Headers2 } from "node:http2";
import { request as httpsRequest } from "node:https";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from "jose";
import type { RenderedFile } from "../../src/model/files";
import { EDGE_AUDIENCE } from "../../src/model/names";
import type { SharedService } from "../../src/model/services";
import type { RenderInput } from "../../src/render/input";
import { loopback, run } from "../servers";

/** What an upstream received. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders | Headers2;
  readonly body: string;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
  /** Never answers. */
  readonly hang?: true;
  readonly reset?: true;
}

/** A program that Envoy sends to: takes notes and answers as it is told. */
export class Recorder {
  readonly received: Received[] = [];
  answer: (received: Received) => Answer = () => ({});
  readonly #server: Server;

  constructor() {
    this.#server = createServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        const { method = "", url: path = "", headersDistinct } = incoming;
        const headers = Object.fromEntries(
          Object.entries(headersDistinct).map(([name, values]) => [name, values?.join(" & ")]),
        );
        const received = { method, path, headers, body: Buffer.concat(chunks).toString() };
        this.received.push(received);
        const { status = 200, headers: answered, body = "", hang, reset } = this.answer(received);
        if (reset === true) incoming.socket.destroy();
        else if (hang !== true) response.writeHead(status, answered).end(body);
      });
    });
    this.#server.on("upgrade", (incoming, socket) => {
      const { method = "", url: path = "", headers } = incoming;
      this.received.push({ method, path, headers, body: "" });
      socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\nhello");
    });
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve) => this.#server.listen(port, loopback, resolve));
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => { resolve(); })); // prettier-ignore
  }
}

/** The collector over gRPC: answers trailers-only with `status` and `message`. */
export class GrpcRecorder {
  readonly received: Received[] = [];
  status = 0;
  message = "";
  trailersOnly = true;
  readonly #server: Http2Server = createHttp2Server((incoming, response) => {
    incoming.resume();
    incoming.on("end", () => {
      this.received.push({ method: incoming.method, path: incoming.url, headers: incoming.headers, body: "" });
      const status = { "grpc-status": `${this.status}`, "grpc-message": this.message };
      const details = { "grpc-status-details-bin": Buffer.from("mimir:9009").toString("base64") };
      if (this.trailersOnly) {
        response.writeHead(200, { "content-type": "application/grpc", ...status, ...details });
        response.end();
      } else {
        response.writeHead(200, { "content-type": "application/grpc" });
        response.write(Buffer.from([0, 0, 0, 0, 0]));
        response.addTrailers({ ...status, ...details });
        response.end();
      }
    });
  });

  listen(port: number): Promise<void> {
    return new Promise((resolve) => this.#server.listen(port, loopback, resolve));
  }

  close(): void {
    this.#server.close();
  }
}

/** A realm: its keys, and tokens of it. */
export async function realm(issuer: string) {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "key-1", alg: "RS256", use: "sig" };
  const token = (
    claims: JWTPayload = {},
    { kid = "key-1", key = privateKey }: { kid?: string; key?: typeof privateKey } = {},
  ): Promise<string> => {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({
      iss: issuer,
      aud: EDGE_AUDIENCE,
      iat: now,
      exp: now + 300,
      azp: "agent-mx",
      tenant_id: "tenant-mx",
      ...claims,
    })
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid })
      .sign(key);
  };
  return { keys: JSON.stringify({ keys: [jwk] }), token, publicKey };
}

/** A throw-away certificate for localhost, where Envoy looks for it. */
export async function certificate({ topology }: RenderInput): Promise<string> {
  const { secrets } = topology.services.envoy.directories;
  const [key, crt] = [join(secrets, "tls.key"), join(secrets, "tls.crt")];
  const made = await run("openssl", [
    ..."req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost".split(" "),
    ...["-addext", `subjectAltName=DNS:localhost,IP:${loopback}`, "-keyout", `${key}.new`, "-out", `${crt}.new`],
  ]);
  if (made.code !== 0) throw new Error(made.stderr);
  renameSync(`${crt}.new`, crt);
  renameSync(`${key}.new`, key);
  return readFileSync(crt, "utf8");
}

/** Puts files in place as a host does: complete, by rename. */
export function replace(files: readonly RenderedFile[]): void {
  for (const { target, content } of files) {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(`${target}.new`, content);
    renameSync(`${target}.new`, target);
  }
}

export const portOf = (input: RenderInput, service: SharedService, port: string): number =>
  (input.topology.services[service].ports as Readonly<Record<string, number>>)[port] ?? 0;

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

/** One request over TLS, its path exactly as given. */
export function ask(port: number, ca: string, path: string, { method = "GET", headers = {}, body }: Ask = {}): Promise<Response> {
  const options = { host: loopback, port, ca, path, method, headers, agent: false as const, timeout: 20_000 };
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(options, (response) => {
      collect(response, resolve);
    });
    outgoing.on("error", reject).on("timeout", () => outgoing.destroy(new Error("no answer in 20 s")));
    outgoing.end(body);
  });
}

function collect(response: import("node:http").IncomingMessage, resolve: (whole: Response) => void): void {
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

/** One request without TLS: to the health listener's port, or to the admin's socket. */
export function askPlain(to: { port: number } | { socketPath: string }, path: string, method = "GET"): Promise<Response> {
  return new Promise((resolve, reject) => {
    const target = "port" in to ? { host: loopback, ...to } : to;
    httpRequest({ ...target, path, method, agent: false, timeout: 5_000 }, (response) => {
      collect(response, resolve);
    })
      .on("error", reject)
      .end();
  });
}
