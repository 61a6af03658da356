import type { DirectoryTenant } from "../../model/directory";

/**
 * The name of every key in Redis that is a tenant's: made here and nowhere else. The tenant comes from the directory, not from a
 * request. The braces make one slot of a tenant's keys, so that a script may use them together.
 */
const own = ({ orgId }: DirectoryTenant, ...parts: readonly string[]): string =>
  `t:{${orgId}}:${parts.join(":")}`;

/** A tenant's API keys, all of them: a script is given these. */
export const apiKeyNames = (tenant: DirectoryTenant): readonly [string, string, string, string] => [
  apiKeyRecords(tenant),
  // Keyed hash by id.
  own(tenant, "api-keys", "hashes"),
  // Ids in the order of their making: a sorted set without scores.
  own(tenant, "api-keys", "order"),
  // Minute of the last use by id.
  own(tenant, "api-keys", "used"),
];

/** Records by keyed hash: what a request with a key asks for. */
export const apiKeyRecords = (tenant: DirectoryTenant): string => own(tenant, "api-keys", "records");

/** One entry of a tenant's data: the last part, because the rest of it is the tenant's own words. */
export const dataEntry = (tenant: DirectoryTenant, key: string): string =>
  own(tenant, "data", "entry", encoded(key));

/** Keys of all entries: a sorted set without scores. */
export const dataOrder = (tenant: DirectoryTenant): string => own(tenant, "data", "order");
/** How many bytes all entries are. */
export const dataUsage = (tenant: DirectoryTenant): string => own(tenant, "data", "usage");

/** The queue of audit records, of all tenants in one: how its keys begin, and its name. Its braces are no tenant's. */
export const auditQueue = (): { readonly prefix: string; readonly name: string } => ({
  prefix: "queue:{audit}",
  name: "records",
});

/**
 * Why a request was refused, which may have been of no tenant. Its braces are no tenant's; one slot, so that a script may write several.
 * @param requestId well-formed: the client's own word
 */
export const refusalName = (requestId: string): string => `refusals:{refusals}:${encoded(requestId)}`;

/** Nothing of it is `:`, `{` or `}`, and two texts never become one. Throws on half a surrogate pair, which UTF-8 cannot tell from others. */
function encoded(text: string): string {
  if (!text.isWellFormed()) throw new Error("A key of a tenant's data is not well-formed Unicode.");
  return encodeURIComponent(text);
}
