import type { Context, MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { REQUESTED_TENANT_HEADER } from "../../model/headers";
import { isRefusal } from "../decisions/reasons";
import { refusal } from "../decisions/refusal";
import type { Api, ApiEnv, TenantApiPorts } from "./context";
import type { ProblemCode } from "./problems";

/** Of what is no operation of the description. */
const NONE = "none";

/** The name of the operation that a request is for, whatever became of it. */
export type OperationOf = (c: Context<ApiEnv>) => string;

/** @param api whose operations are all added by its first request */
export function operationsOf(api: Api): OperationOf {
  let ids: ReadonlyMap<string, string> | undefined;
  return (c) => {
    ids ??= new Map(
      api.openAPIRegistry.definitions.flatMap((definition) => {
        if (definition.type !== "route") return [];
        const { method, path, operationId = NONE } = definition.route;
        return [[`${method.toUpperCase()} ${path}`, operationId] as const];
      }),
    );
    // Of what matched last: the operation, by its description's path.
    const path = routePath(c, -1).replaceAll(/:(\w+)/g, "{$1}");
    return ids.get(`${c.req.method} ${path}`) ?? NONE;
  };
}

/** The first of all middlewares: what it waits for is the answer. */
export function answered(
  { onAnswered }: TenantApiPorts,
  operationOf: OperationOf,
): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const began = performance.now();
    await next();
    const seconds = (performance.now() - began) / 1_000;
    onAnswered?.({ operation: operationOf(c), status: c.res.status, seconds });
  };
}

/** Tells why, where somebody was not let in or not served. */
export function tellRefusal(
  { onRefused, now = () => new Date() }: TenantApiPorts,
  operationOf: OperationOf,
  c: Context<ApiEnv>,
  code: ProblemCode,
): void {
  if (onRefused === undefined || !isRefusal(code)) return;
  const operation = operationOf(c);
  // Left out where nobody was found out to be anybody.
  const principal = c.get("principal") as ApiEnv["Variables"]["principal"] | undefined;
  onRefused(
    refusal({
      ...{ time: now(), requestId: c.var.requestId, method: c.req.method, path: c.req.path, code },
      routes: operation === NONE ? [] : [operation],
      credential: principal?.kind ?? "none",
      user: principal?.user,
      tenant: principal?.tenant.orgId,
      requestedTenant: c.req.header(REQUESTED_TENANT_HEADER),
    }),
  );
}
