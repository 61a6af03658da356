import type { JWTPayload } from "jose";
import type { DeclaredKey, KeyRight, DirectoryTenant } from "../model/directory";
import { matchRoutes } from "../model/match";
import type { Right, Route } from "../model/routes";
import { type AuthorizationRequest, type Decision, deny, undecided } from "./decision";
import type { Directory } from "./directory";
import { credentialOf, type KeyRing } from "./keys";
import type { TokenVerifier } from "./tokens";

/** What a decision rests on. `undefined` is what could not be read, ever: then nothing is allowed and nothing is denied. */
export interface Knowledge {
  readonly directory: Directory | undefined;
  readonly keys: KeyRing | undefined;
  readonly verify: TokenVerifier;
}

/** The answer to one request. Total: every input has a decision, and whatever fails inside is `undecided`. */
export async function decide(request: AuthorizationRequest, knowledge: Knowledge): Promise<Decision> {
  const routes = matchRoutes(request.method, request.path);
  if (routes.length === 0) return deny(403, "route_unknown");
  if (knowledge.directory === undefined) return undecided("directory_unavailable");
  const credential = credentialOf(request.authorization, request.apiKey);
  if (credential.kind === "ambiguous") return deny(401, "credential_ambiguous");
  if (credential.kind === "none") return deny(401, "credential_missing");
  if (credential.kind === "key")
    return decideKey(credential.key, request, routes, knowledge.directory, knowledge.keys);
  const token = bearerToken(credential.authorization);
  if (token === undefined) return deny(401, "credential_missing");
  const verdict = await knowledge.verify(token);
  switch (verdict.kind) {
    case "unknown":
      return undecided("keys_unavailable");
    case "invalid":
      return deny(401, "token_invalid");
    case "valid":
      return decideAgent(verdict.payload, request, routes, knowledge.directory);
    default:
      return verdict satisfies never;
  }
}

const bearerToken = (authorization: string): string | undefined =>
  /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*)$/.exec(authorization)?.[1];

function decideKey(
  secret: string,
  request: AuthorizationRequest,
  routes: readonly Route[],
  directory: Directory,
  keys: KeyRing | undefined,
): Decision {
  if (keys === undefined) return undecided("keys_unavailable");
  const key = keys.find(secret);
  if (key === undefined) return deny(401, "key_invalid");
  const tenant = activeTenant(directory, key.orgId);
  if (tenant === undefined || !mayAsk(request, tenant)) return deny(403, "tenant_denied");
  if (!routes.some((route) => keyAllows(key, route.right))) return deny(403, "right_missing");
  return { kind: "allow", orgId: tenant.orgId, userId: key.id };
}

const keyAllows = (key: DeclaredKey, right: Right): boolean =>
  "signal" in right && key.rights.includes(`${right.signal}:${right.verb}` satisfies KeyRight);

/** An agent writes for the one tenant it is bound to, and reads nothing. */
function decideAgent(
  payload: JWTPayload,
  request: AuthorizationRequest,
  routes: readonly Route[],
  directory: Directory,
): Decision {
  const { azp, tenant_id: claimed } = payload;
  if (typeof azp !== "string" || typeof claimed !== "string") return deny(403, "tenant_denied");
  const tenant = activeTenant(directory, claimed);
  if (tenant === undefined || !tenant.agents.some((agent) => agent === azp))
    return deny(403, "tenant_denied");
  if (!mayAsk(request, tenant)) return deny(403, "tenant_denied");
  if (!routes.some(({ right }) => "signal" in right && right.verb === "write"))
    return deny(403, "right_missing");
  return { kind: "allow", orgId: tenant.orgId, userId: azp };
}

function activeTenant(directory: Directory, orgId: string): DirectoryTenant | undefined {
  const tenant = directory.get(orgId);
  return tenant?.state === "active" ? tenant : undefined;
}

/** Nothing asked for, or exactly the tenant of the credential: `a|b`, other letter case and spaces are somebody else's. */
const mayAsk = (request: AuthorizationRequest, tenant: DirectoryTenant): boolean =>
  request.requestedTenant === undefined || request.requestedTenant === tenant.orgId;
