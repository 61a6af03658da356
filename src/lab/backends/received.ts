import type { IncomingMessage } from "node:http";
import { gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import { TENANT_HEADER } from "../../model/headers";
import { unsnappy } from "../../client/snappy";

export type BackendName = "mimir" | "loki" | "tempo";
export const BACKENDS: readonly BackendName[] = ["loki", "mimir", "tempo"];

/** A request as it came to a backend. */
export interface Received {
  readonly backend: BackendName;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** `X-Scope-OrgID`; sent twice, both with ` & ` between. */
  readonly tenant: string | undefined;
  readonly kind: "write" | "read" | "unknown";
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: string;
  /** Lower case; one that came several times is joined by ` & `. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decompressed. */
  readonly body: Buffer;
  /** What it was answered; a write is stored when that is below 300. 0: nothing. */
  readonly status: number;
}

const WRITES: Readonly<Record<BackendName, readonly string[]>> = {
  mimir: ["/otlp/v1/metrics", "/api/v1/push"],
  loki: ["/otlp/v1/logs", "/loki/api/v1/push"],
  tempo: ["/v1/traces"],
};
const READS: Readonly<Record<BackendName, string>> = {
  mimir: "/prometheus/api/v1/",
  loki: "/loki/api/v1/",
  tempo: "/api/",
};

function kindOf(backend: BackendName, method: string, path: string): Received["kind"] {
  if (method === "POST" && WRITES[backend].includes(path)) return "write";
  return path.startsWith(READS[backend]) ? "read" : "unknown";
}

/** A request without its answer. A body that cannot be unpacked stays as it came. */
export function receivedOf(
  backend: BackendName,
  incoming: IncomingMessage,
  body: Buffer,
): Omit<Received, "status"> {
  const { method = "", url = "", headersDistinct } = incoming;
  const headers = Object.fromEntries(
    Object.entries(headersDistinct).map(([name, values]) => [name, (values ?? []).join(" & ")]),
  );
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  return {
    backend,
    at: Date.now(),
    tenant: headers[TENANT_HEADER],
    kind: kindOf(backend, method, path),
    method,
    path,
    query: mark < 0 ? "" : url.slice(mark + 1),
    headers,
    body: unpackedOr(headers, body),
  };
}

/** The body of a request, unpacked if that can be done. */
export const receivedBody = (incoming: IncomingMessage, body: Buffer): Buffer =>
  unpackedOr(incoming.headers as Readonly<Record<string, string>>, body);

function unpackedOr(headers: Readonly<Record<string, string>>, body: Buffer): Buffer {
  try {
    return unpacked(headers, body);
  } catch {
    return body;
  }
}

function unpacked(headers: Readonly<Record<string, string>>, body: Buffer): Buffer {
  switch (headers["content-encoding"] ?? "identity") {
    case "identity":
      // Loki's push says only that it is protobuf, and means Snappy. OTLP is protobuf as it is.
      return headers["content-type"] === "application/x-protobuf" ? snappyOr(body) : body;
    case "gzip":
      return gunzipSync(body);
    case "deflate":
      return inflateSync(body);
    case "zstd":
      return zstdDecompressSync(body);
    case "snappy":
      return unsnappy(body);
    default:
      throw new Error(`unknown content-encoding ${headers["content-encoding"] ?? ""}`);
  }
}

function snappyOr(body: Buffer): Buffer {
  try {
    return unsnappy(body);
  } catch {
    return body;
  }
}
