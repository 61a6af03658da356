import type * as pulumi from "@pulumi/pulumi";

/**
 * The SDK's own of a resource: its children, and an output's promise. Neither is in its types; where they are missing, a batch
 * is simply not waited for.
 */
interface Registered {
  readonly __childResources?: ReadonlySet<pulumi.Resource>;
  readonly urn: { promise?: () => Promise<unknown> };
}

async function registered(resource: pulumi.Resource): Promise<void> {
  const { urn, __childResources: children } = resource as unknown as Registered;
  // Only the pace is set here: whatever fails is reported by the SDK, and other tenants are still declared.
  await Promise.allSettled([urn.promise?.(), ...[...(children ?? [])].map(registered)]);
}

/**
 * Registers `size` items at a time and goes on when the engine has answered for all they registered. At once, thousands of items
 * keep all their promises and messages in memory together, and most of the time goes into collecting garbage.
 */
export async function inBatches<T>(
  items: readonly T[],
  size: number,
  register: (item: T) => pulumi.Resource,
): Promise<void> {
  for (let start = 0; start < items.length; start += size) {
    const batch = items.slice(start, start + size).map(register);
    await Promise.all(batch.map(registered));
  }
}
