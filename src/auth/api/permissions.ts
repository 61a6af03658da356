import { covers } from "../scopes";
import type { ApiKey, Principal } from "./ports";

/** What an operation of the API asks of its caller. */
export type Permission =
  "look" | "read_data" | "write_data" | "use_keys" | "create_keys" | "read_audit" | "see_decisions";

/** Said in the API's description, and held by {@link may}. */
export const WHO_MAY: Readonly<Record<Permission, string>> = {
  look: "Everybody with a good credential.",
  read_data: "People of the tenant, operators, API keys with a right to read, services with `data:read`.",
  write_data: "Editors and admins of the tenant, services with `data:write`.",
  use_keys:
    "People of the tenant see and manage the keys that they created; admins, and services with `api-keys:manage`, all of the tenant's.",
  create_keys:
    "People of the tenant, services with `api-keys:manage`; with rights that they have themselves.",
  read_audit: "Admins of the tenant, operators, services with `audit:read`.",
  see_decisions: "Operators alone, in the name of any tenant.",
};

export function may(principal: Principal, permission: Permission): boolean {
  if (permission === "look") return true;
  const { kind, role, rights, scopes, operator } = principal;
  // A refusal may be any tenant's: no role in one opens it.
  if (permission === "see_decisions") return kind === "person" && operator === true;
  switch (kind) {
    case "person":
      if (permission === "read_data") return true;
      if (permission === "read_audit") return operator === true || role === "admin";
      return role !== undefined && (permission !== "write_data" || role !== "viewer");
    case "service":
      return covers(scopes, SCOPES[permission]);
    case "key":
      // A key makes no keys: one that leaked would outlive its revocation.
      return permission === "read_data" && rights.some((right) => right.endsWith(":read"));
    case "agent":
      return false;
    default:
      return kind satisfies never;
  }
}

const SCOPES = {
  read_data: "data:read",
  write_data: "data:write",
  use_keys: "api-keys:manage",
  create_keys: "api-keys:manage",
  read_audit: "audit:read",
} as const satisfies Readonly<Record<Exclude<Permission, "look" | "see_decisions">, string>>;

/** Whether a key is this caller's business: to everybody else it is not there. */
export const mayManage = ({ kind, role, user }: Principal, key: Pick<ApiKey, "createdBy">): boolean =>
  kind === "service" || role === "admin" || key.createdBy === user;
