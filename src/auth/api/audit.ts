import type { OrgId } from "../../model/names";

/** What can be done through the API, as the audit names it. */
export type AuditAction =
  | "create_key"
  | "get_key"
  | "update_key"
  | "delete_key"
  | "list_keys"
  | "create_api_key"
  | "get_api_key"
  | "list_api_keys"
  | "delete_api_key"
  | "rotate_api_key"
  | "issue_token";

/** `denied`: no right to it. `refused`: the request was not good, or met another state. `failed`: we could not. */
export type AuditOutcome = "success" | "denied" | "refused" | "failed";

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

export function outcomeOf(status: number): AuditOutcome {
  if (status < 400) return "success";
  if (status === 401 || status === 403) return "denied";
  return status < 500 ? "refused" : "failed";
}
