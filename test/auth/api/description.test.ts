import { load } from "cheerio";
import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { PROBLEMS } from "../../../src/auth/api/problems";
import { ApiWorld } from "./world";

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security?: readonly object[];
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Readonly<Record<string, { schema: { $ref?: string } }>> }>>;
} // prettier-ignore
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<
    Record<string, Readonly<Record<string, { example?: unknown; title?: string }>>>
  >;
}

describe("the description", () => {
  let document: Document;
  let page: string;
  let policy: string;
  let operations: readonly (readonly [string, Operation])[];
  beforeAll(async () => {
    await using world = await ApiWorld.listen();
    document = (await world.send("GET", "/api/openapi.json")).body as unknown as Document;
    const answer = await world.send("GET", "/api/docs");
    page = answer.text;
    policy = String(answer.headers["content-security-policy"]);
    operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
    );
  }); // prettier-ignore

  it("has every operation, and what needs no credential", () => {
    expect(document.openapi).toBe("3.1.0");
    expect(operations.map(([name, { security }]) => `${name}${security?.length === 0 ? " (open)" : ""}`).sort()).toEqual([
      "DELETE /api/api-keys/{id}",
      "DELETE /api/data/{key}",
      "GET /api/api-keys",
      "GET /api/api-keys/{id}",
      "GET /api/audit",
      "GET /api/data",
      "GET /api/data/{key}",
      "GET /api/decisions/{request_id}",
      "GET /api/docs (open)",
      "GET /api/openapi.json (open)",
      "GET /api/users/me",
      "POST /api/api-keys",
      "POST /api/api-keys/{id}/rotate",
      "POST /api/data",
      "POST /api/token (open)",
      "PUT /api/data/{key}",
    ]);
    expect(Object.keys(document.components["securitySchemes"] ?? {})).toEqual(["token", "apiKey", "basic"]);
  }); // prettier-ignore

  it("says of every error that it is a problem, and of every problem where it comes", () => {
    const described = new Set<string>();
    for (const [name, { responses }] of operations)
      for (const [status, { description, content }] of Object.entries(responses)) {
        if (Number(status) < 400) continue;
        expect([name, content?.["application/problem+json"]?.schema.$ref]).toEqual([name, "#/components/schemas/Problem"]); // prettier-ignore
        for (const [, code] of description.matchAll(/`([a-z_]+)`:/g)) {
          expect(PROBLEMS[code as keyof typeof PROBLEMS].status).toBe(Number(status));
          described.add(code ?? "");
        }
      }
    // A method that is not there is of no operation.
    const anywhere = Object.keys(PROBLEMS).filter((code) => code !== "method_not_allowed");
    expect([...described].sort()).toEqual(anywhere.sort());
  });

  it("has an example of everything that is sent", () => {
    const without = Object.entries(document.components["schemas"] ?? {}).filter(([, { example }]) => example === undefined);
    expect(without).toEqual([]);
  }); // prettier-ignore

  it("is one page that needs no network and no script, and whose links lead somewhere", () => {
    const $ = load(page);
    const style = $("style").text();
    expect(policy).toBe(
      `default-src 'none'; style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect($("script, link, img, iframe, [style], [onclick]").length).toBe(0);
    expect(style).not.toMatch(/url\(|@import/);
    const targets = $("a").map((_index, link) => $(link).attr("href")).get();
    for (const target of targets.filter((href) => href.startsWith("#"))) expect($(target).length).toBe(1);
    expect(targets.filter((href) => !href.startsWith("#"))).toEqual(["/api/openapi.json"]);
    for (const code of Object.keys(PROBLEMS)) expect($(`tr#${code}`).length).toBe(1);
    expect($("article h3 code").map((_index, title) => $(title).text()).get().sort()).toEqual(operations.map(([name]) => name).sort());
    expect($("dt").map((_index, one) => $(one).text()).get().slice(0, 3)).toEqual(["Authorization: bearer", "X-API-Key", "Authorization: basic"]);
    expect($("article#putEntry").text()).toContain("Without If-Match, the last writer wins.");
  }); // prettier-ignore
});
