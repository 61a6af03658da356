import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import type { ApiEnv } from "../api/context";
import { Problem } from "../api/problems";
import { headersOf } from "../headers";
import { httpMethod, routeName } from "./attributes";
import type { Tracing } from "./tracing";

/** An operation of the tenant API as a span. The first of all middlewares: what it waits for is the answer. */
export function tracedApi(tracing: Tracing): MiddlewareHandler<ApiEnv> {
  return (c, next) => {
    const headers = headersOf(c.env.incoming.rawHeaders);
    const request = {
      name: "tenant_api",
      attributes: { "http.request.method": httpMethod(c.req.method) },
      traceparent: headers.get("traceparent"),
      tracestate: headers.get("tracestate"),
    } as const;
    return tracing.request(request, async (span) => {
      await next();
      const { error } = c;
      // Left out where nobody was found out to be anybody.
      const principal = c.get("principal") as ApiEnv["Variables"]["principal"] | undefined;
      span.set({
        // Of what matched last: the operation, by its description's name.
        "http.route": routeName(routePath(c, -1).replaceAll(/:(\w+)/g, "{$1}")),
        "http.response.status_code": c.res.status,
        "atalaya.code": error instanceof Problem ? error.code : undefined,
        "atalaya.credential": principal?.kind,
        "atalaya.tenant": principal?.tenant.orgId,
      });
      if (error !== undefined && c.res.status >= 500) span.failed(error);
    });
  };
}
