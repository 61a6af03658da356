import { EdgeClient, type Response } from "../../../src/client/edge";
import type { Lab } from "../../../src/lab/lab";
import { agentHeaders } from "../faults/people";
import { route } from "../faults/load";

/** A gRPC message as it is framed: whether it is packed, its length, itself. */
export function framed(message: Buffer, { packed = 0, length = message.length } = {}): Buffer {
  const head = Buffer.alloc(5);
  head[0] = packed;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

export interface Sent {
  readonly by: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

/** An answer as a sender acts on it: `415 content_type_unsupported`, `429 rate_limited after 1`, `grpc 13`. */
export function told({ status, grpcStatus, headers, body }: Response): string {
  if (grpcStatus !== undefined) return `grpc ${grpcStatus}`;
  const after = headers["retry-after"];
  const code = codeOf(body);
  return [status, ...(code === "" ? [] : [code]), ...(after === undefined ? [] : [`after ${after}`])].join(
    " ",
  );
}

function codeOf(body: string): string {
  try {
    return (JSON.parse(body) as { readonly code?: string }).code ?? "";
  } catch {
    return "";
  }
}

/** Sends bodies as they are, by routes of the table, as an agent of a tenant. */
export class Hand {
  readonly #edge: EdgeClient;
  readonly #headers: ReturnType<typeof agentHeaders>;

  constructor(lab: Lab, tenant = "mx") {
    this.#edge = new EdgeClient(lab, { timeoutMs: 60_000 });
    this.#headers = agentHeaders(lab, `agent-${tenant}`);
  }

  async send({ by, headers = {}, body }: Sent): Promise<Response> {
    const { path, listeners } = route(by);
    const all = { ...(await this.#headers()), ...headers };
    if (!listeners.includes("otlpGrpc"))
      return this.#edge.ask("otlpHttp", path, { method: "POST", headers: all, body });
    return this.#edge.grpc(
      path,
      { "content-type": "application/grpc", te: "trailers", ...all },
      Buffer.from(body),
    );
  }

  /** A good item. */
  async write(by: string, mark: string): Promise<Response> {
    return this.#edge.write(route(by), mark, await this.#headers());
  }
}
