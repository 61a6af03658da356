import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { TENANT_HEADER } from "../../model/headers";
import { loopback } from "../servers/net";
import { json, type Answer } from "./answers";
import type { Behind, Passed } from "./behind";
import { receivedBody } from "./received";

/** Jaeger's ports that the lab uses. */
export interface JaegerPorts {
  readonly otlpGrpc: number;
  readonly query: number;
}

const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
/** gRPC's status as HTTP's, as OTLP maps them; all others are 503. */
const STATUS: Readonly<Record<number, number>> = { 0: 200, 3: 400, 7: 403, 8: 429, 12: 404, 16: 401 };
/** Without bounds of its own a search looks this far back. Seconds. */
const WINDOW_S = 3_600;
/** Traces that a search without a limit of its own finds, as Tempo does. */
const LIMIT = 20;
const TRACE = /^\/api\/(v2\/)?traces\/([0-9a-f]{1,32})$/;
const VALUES = /^\/api\/(v2\/)?search\/tag\/([^/]+)\/values$/;

/**
 * Jaeger behind Tempo's paths. It sees the tenant over gRPC alone, so what comes by HTTP is passed on by gRPC, the same bytes.
 * A search goes by `service.name` and a span's `name`; TraceQL it knows no more of, nor metrics from traces.
 */
export function tempoByJaeger(ports: JaegerPorts): Behind {
  const writes = new Exports(ports.otlpGrpc);
  return {
    forward: async (passed) => {
      const { path, tenant = "" } = passed;
      // Jaeger would take it as a name like any other.
      if (tenant.includes("|")) return { status: 400, body: "multiple org IDs present\n" };
      if (path === "/v1/traces") return writes.send(tenant, receivedBody(passed.incoming, passed.raw));
      if (tenant === "") return { status: 401, body: "no org id\n" };
      return new Reads(ports.query, tenant).answer(passed);
    },
  };
}

class Exports {
  #session: ClientHttp2Session | undefined;

  constructor(private readonly port: number) {}

  /** An export request's bytes, by gRPC. */
  send(tenant: string, message: Buffer): Promise<Answer> {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    return new Promise((resolve, reject) => {
      const stream = this.#open().request({
        ...{ ":method": "POST", ":path": EXPORT, "content-type": "application/grpc", te: "trailers" },
        ...(tenant !== "" && { [TENANT_HEADER]: tenant }),
      });
      let said: IncomingHttpHeaders = {};
      const take = (part: IncomingHttpHeaders): void => {
        said = { ...said, ...part };
      };
      stream.on("response", take).on("trailers", take).on("error", reject).resume();
      stream.on("close", () => {
        reject(new Error("Jaeger went"));
      });
      stream.on("end", () => {
        const status = STATUS[Number(said["grpc-status"] ?? 14)] ?? 503;
        const headers = { "content-type": "application/x-protobuf" };
        resolve(status === 200 ? { status, headers } : { status, body: String(said["grpc-message"] ?? "") });
      });
      stream.end(Buffer.concat([head, message]));
    });
  }

  #open(): ClientHttp2Session {
    if (this.#session === undefined || this.#session.closed || this.#session.destroyed) {
      this.#session = connect(`http://${loopback}:${this.port}`);
      this.#session.unref();
      // Its streams hear of it.
      this.#session.on("error", () => undefined);
    }
    return this.#session;
  }
}

interface Span {
  readonly traceId: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
}
interface ResourceSpans {
  readonly resource: { readonly attributes?: readonly Attribute[] };
  readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
}
interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

/** Tempo's reads, of one tenant. */
class Reads {
  constructor(
    private readonly port: number,
    private readonly tenant: string,
  ) {}

  async answer({ incoming, path }: Passed): Promise<Answer> {
    const query = new URL(incoming.url ?? "", "http://lab").searchParams;
    const [, v2, id] = TRACE.exec(path) ?? [];
    if (id !== undefined) return this.#trace(id, v2 !== undefined);
    const [, values2, tag] = VALUES.exec(path) ?? [];
    if (tag !== undefined) return this.#values(decodeURIComponent(tag), values2 !== undefined);
    switch (path) {
      case "/api/echo":
        return { status: 200, body: "echo" };
      case "/api/status/buildinfo":
        return json({ version: "stand-in: Jaeger" });
      case "/api/search":
      case "/api/v2/search":
        return this.#search(query);
      case "/api/search/tags":
        return json({ tagNames: ["service.name", "name"] });
      case "/api/v2/search/tags":
        return json({
          scopes: [
            { name: "resource", tags: ["service.name"] },
            { name: "intrinsic", tags: ["name"] },
          ],
        });
      default:
        return { status: 501, body: "Jaeger stands for Tempo here, and has no metrics of traces\n" };
    }
  }

  async #trace(id: string, v2: boolean): Promise<Answer> {
    const found = await this.#spans(`/api/v3/traces/${id.padStart(32, "0")}`);
    if (found.length === 0) return { status: 404, body: "trace not found\n" };
    return v2 ? json({ trace: { resourceSpans: found } }) : json({ batches: found });
  }

  async #search(query: URLSearchParams): Promise<Answer> {
    const { service, name } = wanted(query);
    const services = service === undefined ? await this.#services() : [service];
    const limit = Number(query.get("limit") ?? LIMIT);
    const found = await Promise.all(services.map((one) => this.#find(one, name, query)));
    return json({ traces: found.flat().slice(0, limit) });
  }

  async #find(
    service: string,
    name: string | undefined,
    query: URLSearchParams,
  ): Promise<readonly unknown[]> {
    const now = Date.now() / 1_000;
    const at = (bound: string, or: number): string =>
      new Date(Number(query.get(bound) ?? or) * 1_000).toISOString();
    const asked = new URLSearchParams({
      "query.service_name": service,
      ...(name !== undefined && { "query.operation_name": name }),
      "query.start_time_min": at("start", now - WINDOW_S),
      "query.start_time_max": at("end", now + 60),
      "query.num_traces": query.get("limit") ?? `${LIMIT}`,
    });
    const spans = await this.#spans(`/api/v3/traces?${asked.toString()}`);
    const byTrace = Map.groupBy(
      spans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
      ({ traceId }) => traceId,
    );
    return [...byTrace].map(([traceID, [first]]) => ({
      traceID,
      rootServiceName: service,
      rootTraceName: first?.name,
      startTimeUnixNano: first?.startTimeUnixNano,
    }));
  }

  async #values(tag: string, v2: boolean): Promise<Answer> {
    const services = await this.#services();
    const names = async (): Promise<readonly string[]> => {
      const all = await Promise.all(
        services.map(async (service) => {
          const { operations = [] } = (await this.#get(
            `/api/v3/operations?service=${encodeURIComponent(service)}`,
          )) as { operations?: readonly { readonly name: string }[] };
          return operations.map(({ name }) => name);
        }),
      );
      return [...new Set(all.flat())].sort();
    };
    const known: Readonly<Record<string, () => Promise<readonly string[]>>> = {
      "service.name": () => Promise.resolve(services),
      "resource.service.name": () => Promise.resolve(services),
      name: names,
    };
    const values = (await (Object.hasOwn(known, tag) ? known[tag] : undefined)?.()) ?? [];
    return json({ tagValues: v2 ? values.map((value) => ({ type: "string", value })) : values });
  }

  async #services(): Promise<readonly string[]> {
    const { services } = (await this.#get("/api/v3/services")) as { services?: readonly string[] };
    return services ?? [];
  }

  async #spans(path: string): Promise<readonly ResourceSpans[]> {
    const { result } = (await this.#get(path)) as { result?: { resourceSpans?: readonly ResourceSpans[] } };
    return result?.resourceSpans ?? [];
  }

  /** An empty object where nothing is found. */
  async #get(path: string): Promise<object> {
    const response = await fetch(`http://${loopback}:${this.port}${path}`, {
      headers: { [TENANT_HEADER]: this.tenant },
    });
    const body: unknown = response.ok ? await response.json() : await response.text();
    if (response.status === 404) return {};
    if (!response.ok) throw new Error(`Jaeger answers ${response.status}: ${String(body)}`);
    return body as object;
  }
}

/** Of TraceQL, and of the older `tags`, what is asked for by equality. */
function wanted(query: URLSearchParams): { readonly service?: string; readonly name?: string } {
  const text = query.get("q") ?? query.get("tags") ?? "";
  const of = (key: string): string | undefined =>
    new RegExp(`(?:^|[\\s{&.])${key}\\s*=\\s*"?([^"\\s}&]+)`).exec(text)?.[1];
  const [service, name] = [of("service\\.name"), of("name")];
  return { ...(service !== undefined && { service }), ...(name !== undefined && { name }) };
}
