import type { KeyRight } from "../model/directory";
import { matchRoutes } from "../model/match";
import { PEOPLE_CLIENT } from "../model/names";
import type { Right } from "../model/routes";
import { findKey } from "./api-keys/find";
import type { KeyLookup } from "./api-keys/lookup";
import { type AuthorizationRequest, deny, type Judgement, undecided } from "./decision";
import { activeTenant, type Directory } from "./directory";
import { credentialOf, type KeyRing } from "./keys";
import { decidePerson } from "./people";
import { grants, mayAsk, type Subject, type Verdict } from "./subject";
import type { Claims, TokenVerifier } from "./tokens";

/** What a decision rests on. `undefined` is what could not be read, ever: then nothing is allowed and nothing is denied. */
export interface Knowledge {
  readonly directory: Directory | undefined;
  readonly keys: KeyRing | undefined;
  /** Keys that people made themselves. Left out where there is no Redis to keep them in. */
  readonly selfService?: Pick<KeyLookup, "find"> | undefined;
  readonly verify: TokenVerifier;
  /** Told what failed inside: nobody else learns of it. */
  readonly onFailure?: (error: unknown) => void;
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
  const { directory, verify } = knowledge;
  const routes = matchRoutes(request.method, request.path);
  const none = { routes, credential: "none" } as const;
  if (routes.length === 0) return { decision: deny("route_unknown"), ...none };
  if (directory === undefined) return { decision: undecided("directory_unavailable"), ...none };
  const subject = { request, routes, directory };
  const credential = credentialOf(request.authorization, request.apiKey);
  switch (credential.kind) {
    case "ambiguous":
      return { decision: deny("credential_ambiguous"), ...none };
    case "none":
      return { decision: deny("credential_missing"), ...none };
    case "key":
      return { ...(await decideKey(credential.key, subject, knowledge)), routes };
    case "token":
      return { ...(await decideToken(credential.token, subject, verify)), routes };
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

async function decideToken(token: string, subject: Subject, verify: TokenVerifier): Promise<Verdict> {
  const verdict = await verify(token);
  switch (verdict.kind) {
    case "unknown":
      return { decision: undecided("keys_unavailable"), credential: "token" };
    case "invalid":
      return { decision: deny("token_invalid"), credential: "token" };
    case "valid":
      // Which of the two it is, the client says that it was issued to, and nothing else that it holds.
      return verdict.claims.azp === PEOPLE_CLIENT
        ? decidePerson(verdict.claims, subject)
        : decideAgent(verdict.claims, subject);
    default:
      return verdict satisfies never;
  }
}

/** An agent writes for the one tenant it is bound to, and reads nothing. */
function decideAgent(claims: Claims, { request, routes, directory }: Subject): Verdict {
  const { azp: client, tenant_id: claimed, groups } = claims;
  const denied = { decision: deny("tenant_denied"), credential: "token" } as const;
  // A token that could be read as a person's as well was issued by mistake.
  if (typeof client !== "string" || typeof claimed !== "string" || groups !== undefined) return denied;
  const tenant = activeTenant(directory, claimed);
  if (tenant === undefined || !tenant.agents.some((agent) => agent === client)) return denied;
  const found = { credential: "agent", user: client, tenant: tenant.orgId } as const;
  if (!mayAsk(request, tenant)) return { decision: deny("tenant_denied"), ...found };
  if (!grants(routes, "write")) return { decision: deny("right_missing"), ...found };
  return { decision: { kind: "allow", orgId: tenant.orgId, userId: client }, ...found };
}
