import { deny, undecided } from "../decision";
import type { AuthorizationRequest, CredentialKind } from "../decision";
import type { Verdict } from "../subject";
import { identify, type IdentityKnowledge } from "./identify";

/** What the edge says of a request to the API: whoever is somebody passes. What he may do there, the API says per operation. */
export async function decideApi(
  request: AuthorizationRequest,
  knowledge: IdentityKnowledge,
): Promise<Verdict> {
  const identity = await identify(request, knowledge);
  switch (identity.kind) {
    case "principal": {
      const { kind, user, tenant } = identity.principal;
      const decision = { kind: "allow", orgId: tenant.orgId, userId: user } as const;
      return { decision, credential: kind satisfies CredentialKind, user, tenant: tenant.orgId };
    }
    case "deny":
      return {
        decision: deny(identity.code),
        credential: identity.credential ?? "none",
        ...(identity.user !== undefined && { user: identity.user }),
        ...(identity.tenant !== undefined && { tenant: identity.tenant }),
      };
    case "undecided":
      return { decision: undecided(identity.code), credential: "none" };
    default:
      return identity satisfies never;
  }
}
