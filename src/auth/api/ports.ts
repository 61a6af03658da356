import type { KeyRight } from "../../model/directory";
import type { DirectoryTenant } from "../../model/directory";

/** Who calls the tenant API, for which one tenant: from the credential alone. */
export interface Principal {
  readonly kind: "person" | "agent" | "service" | "key";
  /** For audit and limits: a person's subject, a client's id, a key's id. */
  readonly user: string;
  readonly tenant: DirectoryTenant;
  /** Of a person in this tenant. */
  readonly role?: "admin" | "editor" | "viewer";
  /** A person whom Keycloak has among its operators, whatever the role in this tenant. */
  readonly operator?: boolean;
  /** What it may pass on to a key at most. */
  readonly rights: readonly KeyRight[];
  readonly scopes: readonly string[];
}

/** A self-service key as its owner sees it: never the key itself, never its hash. */
export interface ApiKey {
  readonly id: string; // key_<16 base32 characters>
  readonly label: string;
  readonly rights: readonly KeyRight[];
  readonly createdBy: string;
  readonly createdAt: string; // ISO 8601
  readonly expiresAt?: string;
  readonly lastUsedAt?: string; // to the minute
  /** The key that replaces this one; this one works until that was used, or until the deadline. */
  readonly replacedBy?: string;
  readonly worksUntil?: string;
}
export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}
export interface ApiKeys {
  /** The key in plain text, this once. */
  create(
    principal: Principal,
    wanted: { readonly label: string; readonly rights: readonly KeyRight[]; readonly expiresAt?: string },
  ): Promise<{ readonly key: string; readonly record: ApiKey }>;
  list(
    tenant: DirectoryTenant,
    page: { readonly cursor?: string; readonly limit: number },
  ): Promise<Page<ApiKey>>;
  get(tenant: DirectoryTenant, id: string): Promise<ApiKey | undefined>;
  revoke(tenant: DirectoryTenant, id: string): Promise<boolean>;
  rotate(
    principal: Principal,
    id: string,
    graceSeconds: number,
  ): Promise<{ readonly key: string; readonly record: ApiKey } | undefined>;
}
export interface DataEntry {
  readonly key: string;
  readonly value: unknown;
  readonly etag: string;
  readonly updatedAt: string;
  readonly updatedBy: string;
}
export type Condition = { readonly ifMatch?: string; readonly ifNoneMatch?: "*" };
export type Written =
  | { readonly kind: "written"; readonly entry: DataEntry; readonly created: boolean }
  | { readonly kind: "conflict" }
  | { readonly kind: "full" };
export interface DataStore {
  get(tenant: DirectoryTenant, key: string): Promise<DataEntry | undefined>;
  put(principal: Principal, key: string, value: unknown, condition: Condition): Promise<Written>;
  remove(principal: Principal, key: string, condition: Condition): Promise<"removed" | "absent" | "conflict">;
  list(
    tenant: DirectoryTenant,
    page: { readonly cursor?: string; readonly limit: number; readonly prefix?: string },
  ): Promise<Page<Omit<DataEntry, "value">>>;
}
/** Redis does not answer: 503 with Retry-After, never 401, 403 or 404. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
}
