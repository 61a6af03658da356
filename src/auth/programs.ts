import type { DirectoryTenant } from "../model/directory";
import type { ClientId } from "../model/names";
import { activeTenant, type Directory } from "./directory";
import type { Claims } from "./tokens";

/** A client of one tenant: its own agent, or a service of it with scopes. */
export type Program =
  | { readonly kind: "agent"; readonly client: ClientId; readonly tenant: DirectoryTenant }
  | {
      readonly kind: "service";
      readonly client: ClientId;
      readonly tenant: DirectoryTenant;
      readonly scopes: readonly string[];
    };

/** Whose token this is, if it is a program's: the client is bound to the tenant that the token names, and that one is active. */
export function programOf(
  { azp, tenant_id: claimed, groups, scope }: Claims,
  directory: Directory,
): Program | undefined {
  // A token that could be read as a person's as well was issued by mistake.
  if (typeof azp !== "string" || typeof claimed !== "string" || groups !== undefined) return undefined;
  const tenant = activeTenant(directory, claimed);
  const agent = tenant?.agents.find((id) => id === azp);
  if (tenant === undefined) return undefined;
  if (agent !== undefined) return { kind: "agent", client: agent, tenant };
  const service = tenant.services.find(({ clientId }) => clientId === azp);
  if (service === undefined) return undefined;
  // Both must say so: the list can take a scope back at once, and a token may be asked for with fewer.
  const said = typeof scope === "string" ? scope.split(" ") : [];
  const scopes = service.scopes.filter((one) => said.includes(one));
  return { kind: "service", client: service.clientId, tenant, scopes };
}
