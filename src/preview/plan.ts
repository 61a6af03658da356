import { createHash } from "node:crypto";
import type { Environment } from "../model/environment";
import type { RenderedFile } from "../model/files";
import type { Capacity, Limits, Retention } from "../model/limits";
import type { Recording, ResourceRecord } from "../model/recording";
import type { Tenant } from "../model/tenant";
import { maskSecrets } from "./mask";

/** One preview as stable, sorted data without any secret: what `--format json` prints, and a baseline for later ones. */
export interface Plan {
  readonly version: 1;
  readonly environment: PlannedEnvironment;
  readonly tenants: readonly PlannedTenant[];
  readonly resources: readonly PlannedResource[];
  readonly files: readonly PlannedFile[];
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly policies: { readonly passed: readonly string[]; readonly violations: readonly PlannedViolation[] };
  readonly warnings: readonly string[];
}

export interface PlannedEnvironment {
  readonly name: string;
  readonly host: Environment["host"];
  readonly domain: string;
  readonly publishAddress: string;
  readonly capacity: Capacity;
}

/** Durations in seconds, sizes in bytes, rates per second. */
export interface PlannedTenant {
  readonly id: string;
  readonly orgId: string;
  readonly name: string;
  readonly state: Tenant["state"];
  readonly plan: string;
  readonly limits: Limits;
  readonly retention: Retention;
  readonly agents: readonly string[];
  readonly services: readonly { readonly clientId: string; readonly scopes: readonly string[] }[];
  readonly contacts: readonly string[];
}

export interface PlannedResource {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly parent?: string;
  readonly protect: boolean;
  readonly dependsOn: readonly string[];
  /** Secrets are `[secret]`; file contents are their digest. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

export interface PlannedFile {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly kind: RenderedFile["kind"];
}

export interface PlannedViolation {
  readonly policy: string;
  readonly tenant?: string;
  readonly urn: string;
  readonly message: string;
  readonly remedy: string;
}

export interface PlanInput {
  readonly environment: Environment;
  readonly tenants: readonly Tenant[];
  readonly recording: Recording;
  readonly files: readonly RenderedFile[];
  readonly policies: Plan["policies"];
  readonly warnings: readonly string[];
}

export function makePlan(input: PlanInput): Plan {
  const { environment, tenants, recording, files, policies, warnings } = input;
  return {
    version: 1,
    environment: {
      name: environment.name,
      host: environment.host,
      domain: environment.domain,
      publishAddress: environment.publish.address,
      capacity: environment.capacity,
    },
    tenants: tenants.map(plannedTenant),
    resources: recording.resources.map(plannedResource),
    files: files.map(plannedFile),
    outputs: maskOutputs(recording),
    policies,
    warnings,
  };
}

const plannedTenant = (tenant: Tenant): PlannedTenant => ({
  id: tenant.id,
  orgId: tenant.orgId,
  name: tenant.name,
  state: tenant.state,
  plan: tenant.plan,
  limits: tenant.limits,
  retention: tenant.retention,
  agents: tenant.agents.map((agent) => agent.id),
  services: tenant.services.map(({ clientId, scopes }) => ({ clientId, scopes })),
  contacts: tenant.contacts.map((contact) => contact.name),
});

function plannedResource(resource: ResourceRecord): PlannedResource {
  return {
    urn: resource.urn,
    type: resource.type,
    name: resource.name,
    ...(resource.parent === undefined ? {} : { parent: resource.parent }),
    protect: resource.protect,
    dependsOn: resource.dependsOn,
    inputs: maskSecrets(resource.inputs, resource.secrets ?? []) as Record<string, unknown>,
  };
}

const plannedFile = (file: RenderedFile): PlannedFile => ({
  path: file.path,
  sha256: createHash("sha256").update(file.content).digest("hex"),
  bytes: Buffer.byteLength(file.content),
  kind: file.kind,
});

const maskOutputs = ({ outputs, secretOutputs }: Recording): Record<string, unknown> =>
  maskSecrets(outputs, secretOutputs) as Record<string, unknown>;
