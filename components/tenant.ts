import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { isActive, type Tenant as Declared } from "../src/model/tenant";
import { readKey, type ReadKey } from "./read-key";

/**
 * A tenant: all that is its own is below it. Its anchor is protected while it is active, so that a tenant which disappears
 * from the list stops the update: suspend it first.
 */
export class Tenant extends pulumi.ComponentResource {
  /** Of its own organisation in Grafana. */
  readonly ownKey: ReadKey;
  /** Of the operators' organisation: one for each tenant, so that no key reads two. */
  readonly operatorsKey: ReadKey;

  constructor(
    readonly declared: Declared,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const { id, orgId, state } = declared;
    // Not `id`: Pulumi keeps that name for itself and drops an input that has it.
    super("atalaya:tenant:Tenant", id, { tenant: id, orgId, state }, opts);
    new random.RandomUuid(
      `${id}-anchor`,
      { keepers: { id, orgId } },
      { parent: this, protect: isActive(declared) },
    );
    // No resource's ending is the end of another's: ids may hold anything before them.
    this.ownKey = readKey(`${id}-key-own`, `grafana-${id}`, declared, this);
    this.operatorsKey = readKey(`${id}-key-operators`, `operators-${id}`, declared, this);
    // Read again by the next update, which refuses to remove an active tenant (src/stack/removals.ts).
    this.registerOutputs({ tenant: id, state });
  }
}
