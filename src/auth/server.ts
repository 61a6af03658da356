import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import {
  API_KEY_HEADER,
  REQUESTED_TENANT_HEADER,
  SERVICE_TOKEN_HEADER,
  TENANT_HEADER,
  USER_HEADER,
} from "../model/headers";
import { PROBLEM_TYPE, problemBody } from "./api/problems";
import {
  type AuthorizationRequest,
  type Decision,
  type DenialCode,
  undecided,
  type UndecidedCode,
} from "./decision";
import { headersOf } from "./headers";
import type { TraceHeaders } from "./tracing/propagation";

/** Seconds until a sender should try again when we could not decide. */
const RETRY_AFTER = 5;
const PREFIX = "/authz";
const API = "/api";
const REQUEST_ID = "x-request-id";
/** Bytes. Envoy takes 32 KiB and adds a few of its own: what it took must not fail here, or it would read as a denial. */
const LARGEST_HEADERS = 64 * 1024;
/** Milliseconds for a request to come in, with its body. Envoy has all of it before it sends any. */
const LONGEST_REQUEST = 15_000;
const LOOK_FOR_LATE = 5_000;

export interface Readiness {
  /** Whether decisions can be made at all. */
  readonly ready: boolean;
  /** For people. */
  readonly [detail: string]: unknown;
}

/** The service as Envoy's ext_authz, the health check and Prometheus see it. */
export interface Service {
  readonly decide: (
    request: AuthorizationRequest,
    requestId: string | undefined,
    trace: TraceHeaders,
  ) => Promise<Decision>;
  readonly readiness: () => Readiness;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** Whether connections should go elsewhere. */
  readonly draining: () => boolean;
  /** The tenant API: all of `/api` and below. Without it, that is not found. */
  readonly api?: (request: IncomingMessage, response: ServerResponse) => void;
}

export function createAuthServer(service: Service): Server {
  const options = {
    maxHeaderSize: LARGEST_HEADERS,
    requestTimeout: LONGEST_REQUEST,
    headersTimeout: LONGEST_REQUEST,
    connectionsCheckingInterval: LOOK_FOR_LATE,
  };
  return createServer(options, (request, response) => {
    respond(service, request, response).catch(() => {
      if (response.headersSent) {
        response.destroy();
        return;
      }
      // Half of an allow may stand there.
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      lastIfDraining(service, response);
      sendDecision(response, undecided("internal"));
    });
  });
}

async function respond(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = withoutQuery(request.url ?? "");
  if (path === PREFIX || path.startsWith(`${PREFIX}/`)) {
    const { asked, requestId, trace } = read(request, path.slice(PREFIX.length));
    const decision = await service.decide(asked, requestId, trace);
    lastIfDraining(service, response);
    sendDecision(response, decision, isApi(asked.path) ? problems(requestId) : plain);
    return;
  }
  lastIfDraining(service, response);
  if (service.api !== undefined && isApi(path)) {
    service.api(request, response);
  } else if (path === "/health") {
    send(response, 200, { status: "ok" });
  } else if (path === "/ready") {
    const readiness = service.readiness();
    send(response, readiness.ready ? 200 : 503, readiness);
  } else if (path === "/metrics") {
    const { contentType, text } = await service.metrics();
    response.writeHead(200, { "content-type": contentType }).end(text);
  } else {
    send(response, 404, { code: "not_found" });
  }
}

/** When the answer is known, not when the question came: the end may have begun in between. */
function lastIfDraining(service: Service, response: ServerResponse): void {
  if (service.draining()) response.setHeader("connection", "close");
}

function withoutQuery(url: string): string {
  const query = url.indexOf("?");
  return query === -1 ? url : url.slice(0, query);
}

/** The original request. */
function read({ method = "", rawHeaders }: IncomingMessage, path: string) {
  const values = headersOf(rawHeaders);
  const asked: AuthorizationRequest = {
    method,
    path,
    authorization: values.get("authorization"),
    apiKey: values.get(API_KEY_HEADER),
    serviceToken: values.get(SERVICE_TOKEN_HEADER),
    requestedTenant: values.get(REQUESTED_TENANT_HEADER),
  };
  const trace: TraceHeaders = {
    traceparent: values.get("traceparent"),
    tracestate: values.get("tracestate"),
  };
  return { asked, requestId: values.get(REQUEST_ID), trace };
}

const isApi = (path: string): boolean => path === API || path.startsWith(`${API}/`);

/** How a refusal is told: its body and its type. */
type Telling = (code: DenialCode | UndecidedCode) => { readonly body: object; readonly type: string };

const plain: Telling = (code) => ({ body: { code }, type: "application/json" });

/** As the tenant API tells its own. */
const problems =
  (requestId: string | undefined): Telling =>
  (code) =>
    code === "route_unknown" ? plain(code) : { body: problemBody(code, requestId), type: PROBLEM_TYPE };

function sendDecision(response: ServerResponse, decision: Decision, tell: Telling = plain): void {
  switch (decision.kind) {
    case "allow":
      send(response, 200, {}, { [TENANT_HEADER]: decision.orgId, [USER_HEADER]: decision.userId });
      return;
    case "deny": {
      const { body, type } = tell(decision.code);
      const challenge = decision.status === 401 ? { "www-authenticate": "Bearer" } : {};
      send(response, decision.status, body, { ...challenge, "content-type": type });
      return;
    }
    case "undecided": {
      const { body, type } = tell(decision.code);
      send(response, 503, body, { "retry-after": RETRY_AFTER, "content-type": type });
      return;
    }
    default:
      decision satisfies never;
  }
}

function send(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string | number>> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    ...headers,
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}
