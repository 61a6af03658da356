import { OpenAPIHono } from "@hono/zod-openapi";
import { getRequestListener } from "@hono/node-server";
import type { Hook } from "@hono/zod-openapi";
import type { Context, ErrorHandler, MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { methodNotAllowed } from "hono/method-not-allowed";
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { API_KEY_HEADER, REQUESTED_TENANT_HEADER, SERVICE_TOKEN_HEADER } from "../../model/headers";
import { headersOf } from "../headers";
import { shown } from "../log";
import { StoreFull } from "../redis/connection";
import { tracedApi } from "../tracing/api";
import { addApiKeys } from "./api-keys";
import { answered, type OperationOf, operationsOf, tellRefusal } from "./answered";
import { addAudit } from "./audit-trail";
import type { Api, ApiEnv, TenantApiPorts } from "./context";
import { addData } from "./data";
import { addDecisions } from "./decisions";
import { addDescription, OPEN_PATHS } from "./description";
import { callerLimit } from "./limits";
import { StoreUnavailable } from "./ports";
import { Problem, type ProblemCode, problemResponse } from "./problems";
import { addToken } from "./token";
import { addUsers } from "./users";

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;
/** Of what is wrong with a request, what is told. */
const MOST_MISTAKES = 20;
const LONGEST_MESSAGE = 200;

/** On every answer. Nothing here is for a frame, a cache or a guess. */
const HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
  "cross-origin-resource-policy": "same-origin",
};
const NOTHING = "default-src 'none'; frame-ancestors 'none'";

/** The tenant API as a listener of Node's server, for all paths of `/api`. It never throws. */
export function tenantApi(
  ports: TenantApiPorts,
): (request: IncomingMessage, response: ServerResponse) => void {
  const app = createApp(ports);
  const listener = getRequestListener((request, env) => app.fetch(request, env), {
    // Nobody else in this process gets another Request than Node's own.
    overrideGlobalObjects: false,
    // A Host that is none, a method without a name: what is no request to the app.
    errorHandler: () => withHeaders(problemResponse("invalid_request", randomUUID())),
  });
  return (request, response) => void listener(request, response);
}

export function createApp(ports: TenantApiPorts): Api {
  const app: Api = new OpenAPIHono<ApiEnv>({ defaultHook: mistakes });
  const operationOf = operationsOf(app);
  app.use(answered(ports, operationOf));
  if (ports.tracing !== undefined) app.use(tracedApi(ports.tracing));
  app.use(prepared());
  app.use(methodNotAllowed({ app, onMethodNotAllowed: notAllowed }));
  app.use(identified(ports));
  addUsers(app, ports);
  addApiKeys(app, ports);
  addData(app, ports);
  addAudit(app, ports);
  addDecisions(app, ports);
  addToken(app, ports);
  addDescription(app);
  app.notFound((c) => problemResponse("not_found", c.var.requestId));
  app.onError(failed(ports, operationOf));
  return app;
}

function prepared(): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const id = c.req.header("x-request-id");
    c.set("requestId", id !== undefined && REQUEST_ID.test(id) ? id : randomUUID());
    await next();
    withHeaders(c.res);
  };
}

function withHeaders(response: Response): Response {
  for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
  if (!response.headers.has("content-security-policy"))
    response.headers.set("content-security-policy", NOTHING);
  return response;
}

function notAllowed(c: Context<ApiEnv>, methods: readonly string[]): Response {
  const headers = { allow: methods.join(", ") };
  return problemResponse("method_not_allowed", c.var.requestId, { headers });
}

/** Who calls, before anything else is looked at: whoever is nobody does not learn what there is. */
function identified({ identify, withinLimit = callerLimit() }: TenantApiPorts): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (OPEN_PATHS.has(c.req.path)) {
      await next();
      return;
    }
    // Of the raw headers: Node keeps the first of two credentials, and hides that there was another.
    const headers = headersOf(c.env.incoming.rawHeaders);
    const identity = await identify({
      authorization: headers.get("authorization"),
      apiKey: headers.get(API_KEY_HEADER),
      serviceToken: headers.get(SERVICE_TOKEN_HEADER),
      requestedTenant: headers.get(REQUESTED_TENANT_HEADER),
    });
    if (identity.kind !== "principal") throw new Problem(codeOf(identity.code));
    if (!withinLimit(identity.principal)) throw new Problem("too_many_requests");
    c.set("principal", identity.principal);
    await next();
  };
}

const codeOf = (code: ProblemCode | "route_unknown"): ProblemCode =>
  // No identity is refused for its route.
  code === "route_unknown" ? "fault" : code;

/** What the schemas say against a request, all of it at once. */
const mistakes: Hook<unknown, ApiEnv, string, unknown> = (result) => {
  if (result.success) return;
  const place = {
    json: "body",
    form: "body",
    param: "path",
    query: "query",
    header: "header",
    cookie: "cookie",
  };
  const errors = result.error.issues.slice(0, MOST_MISTAKES).map(({ path, message }) => ({
    in: place[result.target],
    field: shown(path.join("."), LONGEST_MESSAGE),
    message: shown(message, LONGEST_MESSAGE),
  }));
  throw new Problem("invalid_request", { errors });
};

const HTTP_ERRORS: Partial<Record<number, ProblemCode>> = {
  400: "invalid_request",
  415: "unsupported_media_type",
};

function failed(ports: TenantApiPorts, operationOf: OperationOf): ErrorHandler<ApiEnv> {
  return (error, c) => {
    const problem = problemOf(error);
    if (problem === undefined) ports.onFailure?.(error);
    const { code, details } = problem ?? new Problem("fault");
    tellRefusal(ports, operationOf, c, code);
    return problemResponse(code, c.var.requestId, details);
  };
}

/** Undefined of a fault of ours. */
function problemOf(error: Error): Problem | undefined {
  if (error instanceof Problem) return error;
  if (error instanceof StoreFull) return new Problem("storage_full");
  if (error instanceof StoreUnavailable) return new Problem("store_unavailable");
  const code = error instanceof HTTPException ? HTTP_ERRORS[error.status] : undefined;
  return code && new Problem(code);
}
