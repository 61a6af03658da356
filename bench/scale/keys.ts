import { createHmac } from "node:crypto";
import type { KeyFile, KeyRight } from "../../src/model/directory";
import type { Tenant } from "../../src/model/tenant";

const READ: readonly KeyRight[] = ["logs:read", "metrics:read", "traces:read"];

/** A tenant's read key. Made up, as long as the real ones. */
export const keyOf = ({ id }: Pick<Tenant, "id">): string => `atl_${id}_${"k".repeat(36)}`;

/** As components/read-key.ts makes it: of each tenant the key of its own Grafana organisation, and that of the operators'. */
export function keysOf(tenants: readonly Tenant[], pepper: string): { readonly file: string } {
  const hash = (key: string): string => createHmac("sha256", pepper).update(key).digest("hex");
  const keys = tenants.flatMap((tenant) => [
    { id: `grafana-${tenant.id}`, orgId: tenant.orgId, rights: READ, hash: hash(keyOf(tenant)) },
    { id: `operators-${tenant.id}`, orgId: tenant.orgId, rights: READ, hash: hash(`${keyOf(tenant)}o`) },
  ]);
  return { file: JSON.stringify({ version: 1, keys } satisfies KeyFile) };
}
