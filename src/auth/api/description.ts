import { createRoute, z } from "@hono/zod-openapi";
import type { Api } from "./context";
import { readablePage } from "./docs";
import { bare, DESCRIPTION, json, SECURITY_SCHEMES } from "./openapi";

/** What needs no credential, or brings another kind of it. */
export const OPEN_PATHS: ReadonlySet<string> = new Set(["/api/openapi.json", "/api/docs", "/api/token"]);

const tags = ["Description"];

/** The description of what was added before, in both forms. */
export function addDescription(api: Api): void {
  for (const [name, scheme] of Object.entries(SECURITY_SCHEMES))
    api.openAPIRegistry.registerComponent("securitySchemes", name, scheme);
  let made: ReturnType<typeof api.getOpenAPI31Document> | undefined;
  const description = () => (made ??= api.getOpenAPI31Document(DESCRIPTION));
  const machine = createRoute({
    ...{ method: "get", path: "/api/openapi.json", operationId: "getDescription", tags, security: [] },
    summary: "This description, for programs",
    responses: { 200: json(z.record(z.string(), z.unknown()), "OpenAPI 3.1."), ...bare("fault") },
  } as const);
  api.openapi(machine, (c) => c.json(description() as never, 200));
  const people = createRoute({
    ...{ method: "get", path: "/api/docs", operationId: "getPage", tags, security: [] },
    summary: "This description, for people",
    responses: {
      200: {
        description: "One page that needs no network.",
        content: { "text/html": { schema: z.string() } },
      },
      ...bare("fault"),
    },
  } as const);
  let page: ReturnType<typeof readablePage> | undefined;
  api.openapi(people, (c) => {
    page ??= readablePage(description());
    return c.html(page.html, 200, { "content-security-policy": page.policy });
  });
}
