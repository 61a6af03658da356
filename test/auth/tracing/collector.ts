import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createTracing, type TracingOptions } from "../../../src/auth/tracing/create";
import type { Tracing } from "../../../src/auth/tracing/tracing";

export interface Exported {
  readonly name: string;
  /** As OTLP numbers them: 2 a server's, 3 a client's. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  /** 2: an error. */
  readonly status: { readonly code: number; readonly message?: string };
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly unknown[];
  readonly links: readonly unknown[];
  readonly traceState?: string;
}

interface Pair {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}
interface Body {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Pair[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<Exported, "attributes"> & { readonly attributes: readonly Pair[] })[];
    }[];
  }[];
}

const plain = (pairs: readonly Pair[]) =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]]));

/** A collector that records what reaches it, to the byte. */
export class Collector implements AsyncDisposable {
  readonly bodies: string[] = [];
  readonly requests: { readonly url: string | undefined; readonly headers: IncomingHttpHeaders }[] = [];
  readonly #tracings: Tracing[] = [];
  answer = (response: ServerResponse): void => {
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  };
  readonly #server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      this.requests.push({ url: request.url, headers: request.headers });
      this.bodies.push(Buffer.concat(chunks).toString("utf8"));
      this.answer(response);
    });
  });

  static async listen(): Promise<Collector> {
    const collector = new Collector();
    await new Promise<void>((done) => collector.#server.listen(0, "127.0.0.1", done));
    return collector;
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
  }

  tracing(options: Partial<TracingOptions> = {}): Tracing {
    const known = { endpoint: this.url, share: 0, orgId: "tenant-platform", onFailure: () => undefined };
    const tracing = createTracing({ ...known, ...options });
    this.#tracings.push(tracing);
    return tracing;
  }

  /** All that came, once everything was sent. */
  async spans(): Promise<readonly Exported[]> {
    await Promise.all(this.#tracings.map((tracing) => tracing.close()));
    return this.#parsed.flatMap(({ scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) =>
        spans.map((span) => ({ ...span, attributes: plain(span.attributes) })),
      ),
    );
  }

  get resources(): readonly Readonly<Record<string, unknown>>[] {
    return this.#parsed.map(({ resource }) => plain(resource.attributes));
  }

  get #parsed() {
    return this.bodies.flatMap((body) => (JSON.parse(body) as Body).resourceSpans);
  }

  /** Takes no connection any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

export const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
export const PARENT = "00f067aa0ba902b7";
/** @param sampled whether the caller has marked it */
export const traceparent = (sampled = false, trace = TRACE) => `00-${trace}-${PARENT}-0${sampled ? 1 : 0}`;
