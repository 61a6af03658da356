import type { DirectoryTenant } from "../../model/directory";
import type { OrgId } from "../../model/names";
import type { Page } from "./ports";

/** What can be done through the API, as the audit names it. */
export const AUDIT_ACTIONS = [
  ...(["create_key", "get_key", "update_key", "delete_key", "list_keys"] as const),
  ...(["create_api_key", "get_api_key", "list_api_keys", "delete_api_key", "rotate_api_key"] as const),
  ...(["issue_token", "read_audit"] as const),
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** `denied`: no right to it. `refused`: the request was not good, or met another state. `failed`: we could not. */
export const AUDIT_OUTCOMES = ["success", "denied", "refused", "failed"] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** One act. No secret is in it; `target` and `requestId` are the client's own words, made printable. */
export interface AuditEvent {
  /** ISO 8601. */
  readonly time: string;
  readonly action: AuditAction;
  /** Verified, both: undefined of a token that was not issued. */
  readonly tenant: OrgId | undefined;
  readonly user: string | undefined;
  readonly outcome: AuditOutcome;
  readonly requestId: string;
  /** The data's key, or the API key's id. */
  readonly target?: string;
}

/** An act as it was recorded. */
export interface AuditRecord extends AuditEvent {
  /** Tells it from all others: a record that came twice has one id. */
  readonly id: string;
}

export interface AuditQuery {
  /** `next` of the page before. */
  readonly cursor?: string;
  /** Records of a page. */
  readonly limit: number;
  readonly action?: AuditAction;
  readonly from?: Date;
  readonly to?: Date;
}

/** Where acts can be read again, the newest first. Throws StoreUnavailable and {@link RangeTooLong}. */
export interface AuditReader {
  read(tenant: DirectoryTenant, query: AuditQuery): Promise<Page<AuditRecord>>;
}

/** More time between `from` and `to` than the platform's limits let one query look through. */
export class RangeTooLong extends Error {
  override readonly name = "RangeTooLong";
}

export function outcomeOf(status: number): AuditOutcome {
  if (status < 400) return "success";
  if (status === 401 || status === 403) return "denied";
  return status < 500 ? "refused" : "failed";
}
