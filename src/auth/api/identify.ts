import type { DirectoryTenant, KeyRight } from "../../model/directory";
import { PEOPLE_CLIENT, type OrgId } from "../../model/names";
import type { Role } from "../../model/roles";
import { findKey, type FoundKey } from "../api-keys/find";
import type { KeyLookup } from "../api-keys/lookup";
import { type AuthorizationRequest, DENIALS, type DenialCode, type UndecidedCode } from "../decision";
import { activeTenant, type Directory } from "../directory";
import { credentialOf, type KeyRing } from "../keys";
import { isOperator, personId, roleIn, tenantOfPerson } from "../people";
import { programOf } from "../programs";
import { covers } from "../scopes";
import { mayAsk } from "../subject";
import type { Claims, TokenVerifier } from "../tokens";
import type { Principal } from "./ports";

/** All that says who calls; the path and the body say nothing of it. */
export type Credentials = Pick<
  AuthorizationRequest,
  "authorization" | "apiKey" | "serviceToken" | "requestedTenant"
>;

/** What an identity rests on. `undefined` is what could not be read, ever: then nothing is allowed and nothing is denied. */
export interface IdentityKnowledge {
  readonly directory: Directory | undefined;
  readonly keys: KeyRing | undefined;
  /** Keys that people made themselves. Left out where there is no Redis to keep them in. */
  readonly selfService?: Pick<KeyLookup, "find"> | undefined;
  readonly verify: TokenVerifier;
  /** Told what failed inside: nobody else learns of it. */
  readonly onFailure?: (error: unknown) => void;
}

interface Verified {
  readonly credential?: Principal["kind"];
  readonly user?: string;
  readonly tenant?: OrgId;
}

export type Identity =
  | { readonly kind: "principal"; readonly principal: Principal }
  /** With what was verified of it all the same. */
  | ({ readonly kind: "deny"; readonly status: 401 | 403; readonly code: DenialCode } & Verified)
  | { readonly kind: "undecided"; readonly code: UndecidedCode };

export const RIGHTS: readonly KeyRight[] = [
  "metrics:read",
  "metrics:write",
  "logs:read",
  "logs:write",
  "traces:read",
  "traces:write",
];
const READS = RIGHTS.filter((right) => right.endsWith(":read"));
const WRITES = RIGHTS.filter((right) => right.endsWith(":write"));
const PERSONS: Readonly<Record<Role, readonly KeyRight[]>> = {
  admin: RIGHTS,
  editor: RIGHTS,
  viewer: READS,
};

const denied = (code: DenialCode, verified: Verified = {}): Identity => ({
  ...{ kind: "deny", status: DENIALS[code], code },
  ...verified,
});
const undecided = (code: UndecidedCode): Identity => ({ kind: "undecided", code });
const known = (principal: Principal): Identity => ({ kind: "principal", principal });

/** Who calls, and for which one tenant. Total, as `decide` is, and with the same codes: whatever fails inside is `undecided`. */
export async function identify(credentials: Credentials, knowledge: IdentityKnowledge): Promise<Identity> {
  try {
    return await identified(credentials, knowledge);
  } catch (error) {
    knowledge.onFailure?.(error);
    return undecided("internal");
  }
}

async function identified(
  credentials: Credentials,
  { directory, keys, selfService, verify }: IdentityKnowledge,
): Promise<Identity> {
  if (directory === undefined) return undecided("directory_unavailable");
  const credential = credentialOf(credentials);
  switch (credential.kind) {
    case "ambiguous":
      return denied("credential_ambiguous");
    case "none":
      return denied("credential_missing");
    case "key":
      return ofKey(await findKey(credential.key, keys, selfService), credentials, directory);
    case "token":
    case "serviceToken": {
      const verdict = await verify(credential.token);
      if (verdict.kind === "unknown") return undecided("keys_unavailable");
      if (verdict.kind === "invalid") return denied("token_invalid");
      if (credential.kind === "serviceToken" && programOf(verdict.claims, directory)?.kind !== "service")
        return denied("tenant_denied");
      return verdict.claims.azp === PEOPLE_CLIENT
        ? ofPerson(verdict.claims, credentials, directory)
        : ofProgram(verdict.claims, credentials, directory);
    }
    default:
      return credential satisfies never;
  }
}

function ofKey(found: FoundKey, credentials: Credentials, directory: Directory): Identity {
  if (found.kind === "unknown") return undecided("keys_unavailable");
  if (found.kind === "invalid") return denied("key_invalid");
  const tenant = activeTenant(directory, found.orgId);
  const verified = { credential: "key", user: found.id } as const;
  if (tenant === undefined) return denied("tenant_denied", verified);
  if (!asksFor(credentials, tenant)) return denied("tenant_denied", { ...verified, tenant: tenant.orgId });
  return known({ kind: "key", user: found.id, tenant, rights: found.rights, scopes: [] });
}

function ofPerson(claims: Claims, { requestedTenant }: Credentials, directory: Directory): Identity {
  const user = personId(claims);
  if (user === undefined) return denied("token_invalid");
  const tenant = tenantOfPerson(claims, requestedTenant, directory);
  if (typeof tenant === "string") return denied(tenant, { credential: "person", user });
  const role = roleIn(claims, tenant);
  // An operator who is no member looks, and passes nothing on.
  const rights = role === undefined ? [] : PERSONS[role];
  const operator = isOperator(claims);
  return known({ kind: "person", user, tenant, operator, ...(role !== undefined && { role }), rights, scopes: [] }); // prettier-ignore
}

function ofProgram(claims: Claims, credentials: Credentials, directory: Directory): Identity {
  const program = programOf(claims, directory);
  if (program === undefined) return denied("tenant_denied");
  const { client: user, tenant, kind } = program;
  if (!asksFor(credentials, tenant))
    return denied("tenant_denied", { credential: kind, user, tenant: tenant.orgId });
  if (program.kind === "agent") return known({ kind: "agent", user, tenant, rights: WRITES, scopes: [] });
  const { scopes } = program;
  return known({ kind: "service", user, tenant, rights: RIGHTS.filter((right) => covers(scopes, right)), scopes }); // prettier-ignore
}

const asksFor = ({ requestedTenant }: Credentials, tenant: DirectoryTenant): boolean =>
  mayAsk({ requestedTenant }, tenant);
