import type { DirectoryTenant } from "../model/directory";
import type { Verb } from "../model/routes";
import type { AuthorizationRequest, Judgement } from "./decision";
import type { Directory } from "./directory";

/** What a credential is judged by, apart from itself. */
export interface Subject {
  readonly request: AuthorizationRequest;
  /** Never empty. */
  readonly routes: Judgement["routes"];
  readonly directory: Directory;
}

/** A judgement of one credential; the routes are known without it. */
export type Verdict = Omit<Judgement, "routes">;

/** Nothing asked for, or exactly the tenant of the credential: `a|b`, other letter case and spaces are somebody else's. */
export const mayAsk = (
  request: Pick<AuthorizationRequest, "requestedTenant">,
  tenant: DirectoryTenant,
): boolean => request.requestedTenant === undefined || request.requestedTenant === tenant.orgId;

/** Whether one of these routes is for telemetry, in this direction. The tenant API's are not. */
export const grants = (routes: Judgement["routes"], verb: Verb): boolean =>
  routes.some(({ right }) => "signal" in right && right.verb === verb);
