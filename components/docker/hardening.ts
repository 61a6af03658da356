import type * as docker from "@pulumi/docker";

/**
 * What every container of ours has. Spelt as Docker spells it back (`CAP_...`, `memorySwap` said even where it is
 * `memory`), or every refresh would show a difference.
 */
export const hardened = (memory: number, add: readonly string[] = []) =>
  ({
    capabilities: { drops: ["ALL"], ...(add.length === 0 ? {} : { adds: [...add] }) },
    securityOpts: ["no-new-privileges:true"],
    memory,
    // Equal to `memory`: no swap.
    memorySwap: memory,
    logDriver: "json-file",
    logOpts: { "max-file": "3", "max-size": "10m" },
  }) satisfies Partial<docker.ContainerArgs>;

/** Mebibytes for the helpers of a process, which run a shell at most. */
export const HELPER_MEMORY = 32;
