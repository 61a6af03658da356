import type { DirectoryTenant } from "../model/directory";
import { OPERATORS_GROUP, orgId, tenantGroup, type TenantId } from "../model/names";
import { ROLES, type Role } from "../model/roles";
import { deny } from "./decision";
import { activeTenant, type Directory } from "./directory";
import { grants, type Subject, type Verdict } from "./subject";
import type { Claims } from "./tokens";

/** Keycloak's id of a person. Goes into a header and the audit as it is, so it is this and nothing else. */
const USER_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TENANT_GROUP = new RegExp(`^${tenantGroup("([^/]+)" as TenantId)}/(?:${ROLES.join("|")})$`);

/**
 * People read, whatever their role: a tenant of theirs or, as operators, any active one; one at a time. The request may leave
 * the tenant out where there is only one that it could mean.
 */
export function decidePerson(claims: Claims, { request, routes, directory }: Subject): Verdict {
  const user = personId(claims);
  if (user === undefined) return { decision: deny("token_invalid"), credential: "person" };
  const person = { credential: "person", user } as const;
  // First, because on these routes no tenant that they could name would help.
  if (claims.tenant_id === undefined && !grants(routes, "read"))
    return { decision: deny("right_missing"), ...person };
  const tenant = tenantOfPerson(claims, request.requestedTenant, directory);
  if (typeof tenant === "string") return { decision: deny(tenant), ...person };
  const decision = { kind: "allow", orgId: tenant.orgId, userId: user } as const;
  return { decision, ...person, tenant: tenant.orgId };
}

export function personId({ sub }: Claims): string | undefined {
  return typeof sub === "string" && USER_ID.test(sub) ? sub : undefined;
}

/** The one tenant that this request of a person is about, or why there is none. */
export function tenantOfPerson(
  { tenant_id: claimed, groups }: Claims,
  requested: string | undefined,
  directory: Directory,
): DirectoryTenant | "tenant_denied" | "tenant_required" {
  // A token that could be read as an agent's as well was issued by mistake.
  if (claimed !== undefined) return "tenant_denied";
  return chosenTenant(readable(groups, directory), requested, directory);
}

export const isOperator = ({ groups }: Pick<Claims, "groups">): boolean =>
  Array.isArray(groups) && groups.includes(OPERATORS_GROUP);

/** The strongest that the groups say; none of an operator who is no member. */
export function roleIn({ groups }: Claims, tenant: DirectoryTenant): Role | undefined {
  const paths: readonly unknown[] = Array.isArray(groups) ? groups : [];
  return ROLES.find((role) => paths.includes(`${tenantGroup(tenant.id)}/${role}`));
}

interface Readable {
  readonly tenants: ReadonlySet<DirectoryTenant>;
  readonly operator: boolean;
}

/** What the groups open, among the active tenants. Anything in the claim that is not exactly a group of ours opens nothing. */
function readable(groups: unknown, directory: Directory): Readable {
  const paths: readonly unknown[] = Array.isArray(groups) ? groups : [];
  const tenants = new Set<DirectoryTenant>();
  for (const path of paths) {
    const [, id] = (typeof path === "string" && TENANT_GROUP.exec(path)) || [];
    const tenant = id === undefined ? undefined : activeTenant(directory, orgId(id as TenantId));
    if (tenant !== undefined) tenants.add(tenant);
  }
  return { tenants, operator: isOperator({ groups }) };
}

function chosenTenant(
  { tenants, operator }: Readable,
  requested: string | undefined,
  directory: Directory,
): DirectoryTenant | "tenant_denied" | "tenant_required" {
  if (requested !== undefined) {
    const tenant = activeTenant(directory, requested);
    return tenant !== undefined && (operator || tenants.has(tenant)) ? tenant : "tenant_denied";
  }
  const [only] = tenants;
  if (operator || tenants.size > 1) return "tenant_required";
  // Nothing to choose from: to name a tenant would not help.
  return only ?? "tenant_denied";
}
