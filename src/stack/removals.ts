import * as pulumi from "@pulumi/pulumi";
import type { Tenant } from "../model/tenant";

/** What the stack's state says of its tenants: the outputs of components/tenant.ts, by URN. */
interface StateOutputs {
  readonly [urn: string]: { readonly type?: unknown; readonly outputs?: Readonly<Record<string, unknown>> };
}

const TENANT = "atalaya:tenant:Tenant";

/** Tenants that were active at the last update and are not in the list any more. Sorted. */
export function activeAndGone(
  state: StateOutputs,
  tenants: readonly Pick<Tenant, "id">[],
): readonly string[] {
  const listed = new Set<unknown>(tenants.map(({ id }) => id));
  return Object.values(state)
    .flatMap(({ type, outputs }) =>
      type === TENANT && outputs?.["state"] === "active" ? [outputs["tenant"]] : [],
    )
    .filter((tenant) => typeof tenant === "string")
    .filter((tenant) => !listed.has(tenant))
    .sort();
}

/**
 * Throws when an active tenant is to be removed. In a preview the engine says so itself, because its anchor is protected; but
 * an update without one (`--skip-preview`, the Automation API) would first take it off the lists, delete its organisation and
 * its clients, and only then come to the anchor.
 */
export async function refuseRemovals(tenants: readonly Pick<Tenant, "id">[]): Promise<void> {
  if (pulumi.runtime.isDryRun()) return;
  const stackName = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  const answer = (await pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", { stackName })) as {
    readonly outputs?: StateOutputs;
  };
  const gone = activeAndGone(answer.outputs ?? {}, tenants);
  if (gone.length === 0) return;
  const [who, have] = gone.length === 1 ? ["it", "has"] : ["them", "have"];
  throw new pulumi.RunError(
    `${gone.join(", ")} ${have} been active until now and ${gone.length === 1 ? "is" : "are"} not in the tenant list any more. ` +
      `Removing deletes dashboards, clients and queued data: first suspend ${who} (state: suspended), update, and then remove ${who}.`,
  );
}
