import { z } from "@hono/zod-openapi";
import { PROBLEMS, type ProblemCode } from "./problems";

export const problemSchema = z
  .object({
    type: z.string().meta({ description: "Leads to the code in the readable page." }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]).meta({
      description: "Stable: what a program looks at.",
    }),
    request_id: z.string().meta({ description: "Leads an operator to the reason." }),
    errors: z
      .array(z.object({ in: z.string(), field: z.string(), message: z.string() }))
      .optional()
      .meta({ description: "What is wrong with the request, all of it." }),
    error: z.string().optional().meta({ description: "OAuth's name of it, where tokens are issued." }),
  })
  .openapi("Problem", {
    description: "Problem details (RFC 9457).",
    example: {
      type: "/api/docs#right_missing",
      title: "The credential has no right to this",
      status: 403,
      detail: "The credential has no right to this.",
      code: "right_missing",
      request_id: "7d3a1c52-1f0e-4f8c-a0a6-0a4b8f3a6c11",
    },
  });

/** What every operation with a credential may answer. */
const ALWAYS: readonly ProblemCode[] = [
  ...(["credential_missing", "credential_ambiguous", "token_invalid", "key_invalid"] as const),
  ...(["tenant_denied", "tenant_required", "too_many_requests", "fault"] as const),
  ...(["keys_unavailable", "directory_unavailable", "internal"] as const),
];

type Responses = Record<number, ReturnType<typeof problem>>;

/** The responses of these problems, one a status. */
export const problems = (...codes: readonly ProblemCode[]): Responses => bare(...ALWAYS, ...codes);

/** The same for an operation that needs no credential. */
export function bare(...codes: readonly ProblemCode[]): Responses {
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status as number);
  return Object.fromEntries([...byStatus].map(([status, same]) => [status, problem(same)]));
}

const problem = (codes: readonly ProblemCode[]) => ({
  description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(" "),
  content: { "application/problem+json": { schema: problemSchema } },
});

export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

export const jsonBody = <T extends z.ZodType>(schema: T) => ({
  content: { "application/json": { schema } },
  required: true,
});

const ETAG_HEADER = { ETag: { description: "Of this version, for `If-Match` and `If-None-Match`.", schema: { type: "string" as const } } }; // prettier-ignore
export const withETag = <T extends object>(response: T) => ({ ...response, headers: ETAG_HEADER });

export const pageQuery = {
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,1024}$/)
    .optional()
    .meta({ description: "`next` of the page before." }),
  limit: z
    .string()
    .regex(/^(?:[1-9][0-9]?|100)$/)
    .default("50")
    .meta({ description: "Entries of a page: 1 to 100.", example: "50" }),
};

export const next = z
  .string()
  .optional()
  .meta({ description: "The cursor of the next page; left out of the last one." });

/** Any of them, on all operations but the open ones. */
export const SECURITY = [{ token: [] }, { apiKey: [] }, { basic: [] }];

export const DESCRIPTION = {
  openapi: "3.1.0",
  info: {
    title: "Atalaya tenant API",
    version: "1.0.0",
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    description: [
      "Owners of a tenant manage their own API keys and data here. Which tenant a request is about, its credential alone says; who",
      "has several names one of them in `X-Scope-OrgID`. Every error is a problem (RFC 9457) with a stable `code`. A caller may send",
      "20 requests a second, and 40 at once. Every act leaves a record in the tenant's audit: without one,",
      "it is answered 503, done or not.",
    ].join(" "),
  },
  servers: [{ url: "/", description: "Where this description came from." }],
  tags: [
    { name: "You", description: "Who the credential says you are." },
    { name: "API keys", description: "Keys that read and write telemetry for programs that have no token." },
    { name: "Data", description: "Small JSON values by key, of the tenant alone." },
    { name: "Audit", description: "What was done here, and by whom." },
    { name: "Decisions", description: "Why requests were refused, for operators." },
    { name: "Tokens", description: "Tokens for programs." },
    { name: "Description", description: "This description." },
  ],
  security: SECURITY,
};

export const SECURITY_SCHEMES = {
  token: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "A token of Keycloak's: a person's, an agent's or a service's. An API key is taken here as well.",
  },
  apiKey: { type: "apiKey", in: "header", name: "X-API-Key", description: "An API key." },
  basic: { type: "http", scheme: "basic", description: "An API key as the password; the name may be any." },
} as const; // prettier-ignore
