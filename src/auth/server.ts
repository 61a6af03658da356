import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { API_KEY_HEADER, REQUESTED_TENANT_HEADER, TENANT_HEADER, USER_HEADER } from "../model/headers";
import { type AuthorizationRequest, type Decision, undecided } from "./decision";

/** Seconds until a sender should try again when we could not decide. */
const RETRY_AFTER = 5;
const PREFIX = "/authz";

/** The service as Envoy's ext_authz and the health check see it. */
export interface Service {
  readonly decide: (request: AuthorizationRequest) => Promise<Decision>;
  /** Whether decisions can be made at all. */
  readonly ready: () => boolean;
}

export function createAuthServer(service: Service): Server {
  // Headers larger than any token we issue are noise.
  return createServer({ maxHeaderSize: 32 * 1024 }, (request, response) => {
    respond(service, request, response).catch(() => {
      sendDecision(response, undecided("internal"));
    });
  });
}

async function respond(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = ""] = (request.url ?? "").split("?", 1);
  if (path === "/health") {
    send(response, 200, { status: "ok" });
  } else if (path === "/ready") {
    const ready = service.ready();
    send(response, ready ? 200 : 503, { status: ready ? "ready" : "no tenant directory" });
  } else if (path === PREFIX || path.startsWith(`${PREFIX}/`)) {
    sendDecision(response, await service.decide(toRequest(request, path.slice(PREFIX.length))));
  } else {
    send(response, 404, { code: "not_found" });
  }
}

const toRequest = (request: IncomingMessage, path: string): AuthorizationRequest => ({
  method: request.method ?? "",
  path,
  authorization: single(request, "authorization"),
  apiKey: single(request, API_KEY_HEADER),
  requestedTenant: single(request, REQUESTED_TENANT_HEADER),
});

/**
 * A header's value, where it stands once. Twice becomes a value that nothing accepts: Node would join or drop the second
 * one, and which of them the upstream believes is not ours to guess.
 */
function single(request: IncomingMessage, name: string): string | undefined {
  const values = request.headersDistinct[name];
  return values === undefined || values.length === 1 ? values?.[0] : values.join(", ");
}

function sendDecision(response: ServerResponse, decision: Decision): void {
  switch (decision.kind) {
    case "allow":
      response.setHeader(TENANT_HEADER, decision.orgId);
      response.setHeader(USER_HEADER, decision.userId);
      send(response, 200, {});
      return;
    case "deny":
      if (decision.status === 401) response.setHeader("www-authenticate", "Bearer");
      send(response, decision.status, { code: decision.code });
      return;
    case "undecided":
      response.setHeader("retry-after", RETRY_AFTER);
      send(response, 503, { code: decision.code });
      return;
    default:
      decision satisfies never;
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}
