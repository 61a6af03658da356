import type { KeyRight } from "../model/directory";
import { matchRoutes, type RouteMatch } from "../model/match";
import { PEOPLE_CLIENT } from "../model/names";
import type { Right } from "../model/routes";
import { findKey } from "./api-keys/find";
import { decideApi } from "./api/edge";
import type { IdentityKnowledge } from "./api/identify";
import { type AuthorizationRequest, deny, type Judgement, undecided } from "./decision";
import { activeTenant } from "./directory";
import { credentialOf } from "./keys";
import { decidePerson } from "./people";
import { type Program, programOf } from "./programs";
import { covers } from "./scopes";
import { grants, mayAsk, type Subject, type Verdict } from "./subject";
import type { TokenVerifier } from "./tokens";

/** What a decision rests on: who somebody is, and the routes there are. */
export interface Knowledge extends IdentityKnowledge {
  /** Left out: those of the route table. */
  readonly match?: RouteMatch;
}

/** The answer to one request. Total: every input has a decision, and whatever fails inside is `undecided`. */
export async function decide(request: AuthorizationRequest, knowledge: Knowledge): Promise<Judgement> {
  try {
    return await judge(request, knowledge);
  } catch (error) {
    knowledge.onFailure?.(error);
    return { decision: undecided("internal"), routes: [], credential: "none" };
  }
}

async function judge(request: AuthorizationRequest, knowledge: Knowledge): Promise<Judgement> {
  const { directory, verify, match = matchRoutes } = knowledge;
  const routes = match(request.method, request.path);
  const none = { routes, credential: "none" } as const;
  if (routes.length === 0) return { decision: deny("route_unknown"), ...none };
  if (directory === undefined) return { decision: undecided("directory_unavailable"), ...none };
  if (routes.every(({ right }) => "api" in right))
    return { ...(await decideApi(request, knowledge)), routes };
  const subject = { request, routes, directory };
  const credential = credentialOf(request);
  switch (credential.kind) {
    case "ambiguous":
      return { decision: deny("credential_ambiguous"), ...none };
    case "none":
      return { decision: deny("credential_missing"), ...none };
    case "key":
      return { ...(await decideKey(credential.key, subject, knowledge)), routes };
    case "token":
    case "serviceToken":
      return { ...(await decideToken(credential, subject, verify)), routes };
    default:
      return credential satisfies never;
  }
}

async function decideKey(
  secret: string,
  { request, routes, directory }: Subject,
  { keys, selfService }: Knowledge,
): Promise<Verdict> {
  const credential = "key";
  const key = await findKey(secret, keys, selfService);
  if (key.kind === "unknown") return { decision: undecided("keys_unavailable"), credential };
  if (key.kind === "invalid") return { decision: deny("key_invalid"), credential };
  const user = key.id;
  const tenant = activeTenant(directory, key.orgId);
  if (tenant === undefined) return { decision: deny("tenant_denied"), credential, user };
  const found = { credential, user, tenant: tenant.orgId } as const;
  if (!mayAsk(request, tenant)) return { decision: deny("tenant_denied"), ...found };
  if (!routes.some(({ right }) => keyAllows(key, right)))
    return { decision: deny("right_missing"), ...found };
  return { decision: { kind: "allow", orgId: tenant.orgId, userId: user }, ...found };
}

const keyAllows = ({ rights }: { readonly rights: readonly KeyRight[] }, right: Right): boolean =>
  "signal" in right && rights.includes(`${right.signal}:${right.verb}` satisfies KeyRight);

async function decideToken(
  { kind, token }: { readonly kind: "token" | "serviceToken"; readonly token: string },
  subject: Subject,
  verify: TokenVerifier,
): Promise<Verdict> {
  const verdict = await verify(token);
  switch (verdict.kind) {
    case "unknown":
      return { decision: undecided("keys_unavailable"), credential: "token" };
    case "invalid":
      return { decision: deny("token_invalid"), credential: "token" };
    case "valid":
      // Which of the two it is, the client says that it was issued to, and nothing else that it holds.
      return verdict.claims.azp === PEOPLE_CLIENT && kind === "token"
        ? decidePerson(verdict.claims, subject)
        : decideProgram(programOf(verdict.claims, subject.directory), kind, subject);
    default:
      return verdict satisfies never;
  }
}

/** An agent writes for the one tenant it is bound to, and reads nothing. A service does what its scopes say, and writes nothing. */
function decideProgram(
  program: Program | undefined,
  from: "token" | "serviceToken",
  { request, routes }: Subject,
): Verdict {
  const denied = { decision: deny("tenant_denied"), credential: "token" } as const;
  if (program === undefined || (from === "serviceToken" && program.kind !== "service")) return denied;
  const { kind, client, tenant } = program;
  // As Envoy says of it, which knows agents alone.
  if (kind === "service" && grants(routes, "write")) return denied;
  const found = { credential: kind, user: client, tenant: tenant.orgId } as const;
  if (!mayAsk(request, tenant)) return { decision: deny("tenant_denied"), ...found };
  const allowed =
    kind === "agent"
      ? grants(routes, "write")
      : routes.some(({ right }) => covers(program.scopes, scopeOf(right)));
  if (!allowed) return { decision: deny("right_missing"), ...found };
  return { decision: { kind: "allow", orgId: tenant.orgId, userId: client }, ...found };
}

/** What a service needs; nothing covers the empty one. */
const scopeOf = (right: Right): string =>
  "scope" in right ? right.scope : "signal" in right ? `${right.signal}:${right.verb}` : "";
