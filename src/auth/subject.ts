import type { DirectoryTenant } from "../model/directory";
import type { Route, Verb } from "../model/routes";
import type { AuthorizationRequest, Judgement } from "./decision";
import type { Directory } from "./directory";

/** What a credential is judged by, apart from itself. */
export interface Subject {
  readonly request: AuthorizationRequest;
  /** Never empty. */
  readonly routes: readonly Route[];
  readonly directory: Directory;
}

/** A judgement of one credential; the routes are known without it. */
export type Verdict = Omit<Judgement, "routes">;

/** Nothing asked for, or exactly the tenant of the credential: `a|b`, other letter case and spaces are somebody else's. */
export const mayAsk = (
  request: Pick<AuthorizationRequest, "requestedTenant">,
  tenant: DirectoryTenant,
): boolean => request.requestedTenant === undefined || request.requestedTenant === tenant.orgId;

/**
 * Whether one of these routes is for data, in this direction. The tenant API's are not: what may be done there is decided per
 * operation, by the API, and until it exists nobody has a right to it.
 */
export const grants = (routes: readonly Route[], verb: Verb): boolean =>
  routes.some(({ right }) => "signal" in right && right.verb === verb);
