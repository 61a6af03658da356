import { METHODS } from "node:http";
import type { OrgId } from "../../model/names";
import { ROUTES } from "../../model/routes";
import { PROBLEMS, type ProblemCode } from "../api/problems";
import {
  type CredentialKind,
  type Decision,
  DENIALS,
  type DenialCode,
  type UndecidedCode,
} from "../decision";
import type { ErrorType } from "./errors";

export type SpanName =
  | "authz"
  | "tenant_api"
  | "keycloak.token"
  | "keycloak.jwks"
  | "redis.read"
  | "redis.write"
  | "loki.push"
  | "loki.query";

/** A route's id or the template of an operation's path, see {@link routeName}: never a path as somebody sent it. */
export type RouteName = string & { readonly brand: "RouteName" };
/** A method that HTTP knows, see {@link httpMethod}. */
export type HttpMethod = string & { readonly brand: "HttpMethod" };

/** All that a span may say. Nothing here is a client's own words, and nothing names a person. */
export interface SpanAttributes {
  readonly "http.request.method"?: HttpMethod | undefined;
  readonly "http.route"?: RouteName | undefined;
  readonly "http.response.status_code"?: number | undefined;
  readonly "error.type"?: ErrorType | undefined;
  readonly "atalaya.decision"?: Decision["kind"] | undefined;
  readonly "atalaya.code"?: DenialCode | UndecidedCode | ProblemCode | undefined;
  readonly "atalaya.credential"?: CredentialKind | undefined;
  /** Once it is verified. */
  readonly "atalaya.tenant"?: OrgId | undefined;
  readonly "db.system"?: "redis" | undefined;
  readonly "db.operation.name"?: "read" | "write" | undefined;
}

/** Operations of the tenant API, as its description names their paths. */
export const API_PATHS: readonly string[] = [
  "/api/users/me",
  "/api/api-keys",
  "/api/api-keys/{id}",
  "/api/api-keys/{id}/rotate",
  "/api/data",
  "/api/data/{key}",
  "/api/audit",
  "/api/decisions/{request_id}",
  "/api/token",
  "/api/openapi.json",
  "/api/docs",
];

const routes: ReadonlySet<unknown> = new Set([...ROUTES.map(({ id }) => id), ...API_PATHS]);
/** The ids of routes that an environment adds (model/upstreams.ts): its operators' words, not a client's. */
const EXTRA_ROUTE = /^extra-[a-z][a-z0-9-]{0,62}-(?:get|head|post|put|patch|delete|options)$/;
/** As semantic conventions call a method that HTTP does not know. */
const OTHER = "_OTHER" as HttpMethod;
const methods: ReadonlySet<unknown> = new Set([...METHODS, OTHER]);
const codes: ReadonlySet<unknown> = new Set([...Object.keys(DENIALS), ...Object.keys(PROBLEMS)]);

const isRoute = (value: unknown): boolean =>
  routes.has(value) || (typeof value === "string" && EXTRA_ROUTE.test(value));

/** Undefined for what is no route of ours. */
export const routeName = (text: string | undefined): RouteName | undefined =>
  isRoute(text) ? (text as RouteName) : undefined;

export const httpMethod = (text: string): HttpMethod => (methods.has(text) ? (text as HttpMethod) : OTHER);

const oneOf =
  (...values: readonly unknown[]) =>
  (value: unknown): boolean =>
    values.includes(value);
const matching =
  (pattern: RegExp) =>
  (value: unknown): boolean =>
    typeof value === "string" && pattern.test(value);

/** What the types say, once more while it runs: whatever gets past the types does not get past these. */
const allowed: Readonly<Record<keyof SpanAttributes, (value: unknown) => boolean>> = {
  "http.request.method": (value) => methods.has(value),
  "http.route": isRoute,
  "http.response.status_code": (value) =>
    Number.isInteger(value) && Number(value) >= 100 && Number(value) < 600,
  // The name of a class, a code of the system's or one of ours: letters, and none of what keys and tokens are made of.
  "error.type": (value) => codes.has(value) || matching(/^(?:[A-Za-z]{1,40}|[1-5][0-9]{2})$/)(value),
  "atalaya.decision": oneOf("allow", "deny", "undecided"),
  "atalaya.code": (value) => codes.has(value),
  "atalaya.credential": oneOf("none", "key", "agent", "service", "person", "token"),
  "atalaya.tenant": matching(/^tenant-[a-z][a-z0-9-]{0,62}$/),
  "db.system": oneOf("redis"),
  "db.operation.name": oneOf("read", "write"),
};

const names: Readonly<Record<SpanName, true>> = {
  authz: true,
  tenant_api: true,
  "keycloak.token": true,
  "keycloak.jwks": true,
  "redis.read": true,
  "redis.write": true,
  "loki.push": true,
  "loki.query": true,
};

export const isAllowed = (name: string, value: unknown): boolean =>
  Object.hasOwn(allowed, name) && allowed[name as keyof SpanAttributes](value);

export const isSpanName = (name: string): boolean => Object.hasOwn(names, name);
