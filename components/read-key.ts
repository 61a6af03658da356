import * as pulumi from "@pulumi/pulumi";
import { createHmac } from "node:crypto";
import type { DeclaredKey, KeyFile, KeyRight } from "../src/model/directory";
import type { OrgId } from "../src/model/names";
import type { Tenant } from "../src/model/tenant";
import { password } from "./passwords";

const READ: readonly KeyRight[] = ["logs:read", "metrics:read", "traces:read"];

/** A key that reads one tenant's data and does nothing else. */
export interface ReadKey {
  /** For audit: `grafana-mx`. */
  readonly id: string;
  readonly orgId: OrgId;
  readonly rights: readonly KeyRight[];
  /** `atl_mx_...`: secret. */
  readonly key: pulumi.Output<string>;
}

/** @param name of the resource; `id` is what the audit calls the key */
export function readKey(name: string, id: string, tenant: Tenant, parent: pulumi.Resource): ReadKey {
  const random = password(name, { parent });
  return { id, orgId: tenant.orgId, rights: READ, key: pulumi.interpolate`atl_${tenant.id}_${random}` };
}

/** What the auth service is given of the keys: a secret file, in which no key can be read. Sorted by id. */
export function keyFile(keys: readonly ReadKey[], pepper: pulumi.Input<string>): pulumi.Output<string> {
  const sorted = [...keys].sort((a, b) => (a.id < b.id ? -1 : 1));
  return pulumi.secret(
    pulumi.all([pepper, sorted.map(({ key }) => key)]).apply(([salt, secrets]) => {
      const declared = sorted.map(({ id, orgId, rights }, index): DeclaredKey => ({
        id,
        orgId,
        rights,
        hash: hash(salt, secrets[index]),
      }));
      return JSON.stringify({ version: 1, keys: declared } satisfies KeyFile);
    }),
  );
}

function hash(pepper: string, key: string | undefined): string {
  if (key === undefined) throw new Error("A key has no value.");
  return createHmac("sha256", pepper).update(key).digest("hex");
}
