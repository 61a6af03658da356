import { createHash } from "node:crypto";
import type { Environment, IdentityProvider } from "../model/environment";
import type { RenderedFile } from "../model/files";
import type { Limits, Retention, Sampling } from "../model/limits";
import type { Recording, ResourceRecord } from "../model/recording";
import { runsHere, type Agent, type Contact, type Tenant, type TenantState } from "../model/tenant";
import { kitDigest } from "./kit";
import { maskSecrets } from "./mask";

/** Counted up whenever plans of the version before cannot be compared with new ones. */
export const PLAN_VERSION = 2;

/** One preview as stable, sorted data without any secret: what `--format json` prints, and a baseline for later ones. */
export interface Plan {
  readonly version: typeof PLAN_VERSION;
  readonly environment: PlannedEnvironment;
  readonly tenants: readonly PlannedTenant[];
  readonly resources: readonly PlannedResource[];
  readonly files: readonly PlannedFile[];
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly policies: { readonly passed: readonly string[]; readonly violations: readonly PlannedViolation[] };
  readonly warnings: readonly string[];
}

export interface PlannedEnvironment extends Omit<Environment, "publish" | "identityProviders"> {
  readonly publishAddress: string;
  readonly ports: Environment["publish"]["ports"];
  readonly identityProviders: readonly PlannedIdentityProvider[];
}

export type PlannedIdentityProvider = Omit<IdentityProvider, "clientSecretKey">;

/** Durations in seconds, sizes in bytes, rates per second. */
export interface PlannedTenant {
  readonly id: string;
  readonly orgId: string;
  readonly name: string;
  readonly state: Tenant["state"];
  readonly plan: string;
  readonly limits: Limits;
  readonly retention: Retention;
  readonly sampling: Sampling;
  readonly agents: readonly PlannedAgent[];
  readonly services: readonly PlannedService[];
  readonly contacts: readonly PlannedContact[];
}

/** `state` is its own: of a tenant that is suspended, no agent sends. */
export interface PlannedAgent extends Pick<Agent, "runs" | "disk"> {
  readonly id: string;
  readonly state: TenantState;
  /** Of one that runs elsewhere: {@link kitDigest}. Plans that were saved before have none. */
  readonly kit?: string;
}

export interface PlannedService {
  readonly clientId: string;
  readonly scopes: readonly string[];
}

export interface PlannedContact {
  readonly name: string;
  readonly kind: Contact["kind"];
  /** An address, or the name of the config secret that holds it: never the secret. */
  readonly to: string;
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
  /** The shared service or the agent that reads it. */
  readonly process: string;
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

/** Said of every tenant that is suspended. */
export const suspensionWarning = (tenant: string): string =>
  `Tenant ${tenant} is suspended: all its credentials are refused and its agents here stand still. Nothing of it is deleted.`;

export function makePlan(input: PlanInput): Plan {
  const { environment, tenants, recording, files, policies, warnings } = input;
  return {
    version: PLAN_VERSION,
    environment: plannedEnvironment(environment),
    tenants: tenants.map((tenant) => plannedTenant(environment, tenant)),
    resources: recording.resources.map(plannedResource),
    files: files.map(plannedFile),
    outputs: maskOutputs(recording),
    policies,
    warnings,
  };
}

export const plannedEnvironment = ({
  publish,
  identityProviders,
  ...environment
}: Environment): PlannedEnvironment => ({
  ...environment,
  publishAddress: publish.address,
  ports: publish.ports,
  identityProviders: identityProviders.map(
    ({ alias, displayName, issuer, authorizationUrl, tokenUrl, jwksUrl, clientId }) => ({
      ...{ alias, displayName, issuer, authorizationUrl, tokenUrl, jwksUrl, clientId },
    }),
  ),
});

const plannedTenant = (environment: Environment, tenant: Tenant): PlannedTenant => ({
  id: tenant.id,
  orgId: tenant.orgId,
  name: tenant.name,
  state: tenant.state,
  plan: tenant.plan,
  limits: tenant.limits,
  retention: tenant.retention,
  sampling: tenant.sampling,
  agents: tenant.agents.map((agent) => plannedAgent(environment, tenant, agent)),
  services: tenant.services.map(({ clientId, scopes }) => ({ clientId, scopes })),
  contacts: tenant.contacts.map((contact) => ({
    name: contact.name,
    kind: contact.kind,
    to: contact.kind === "email" ? contact.address : contact.secret,
  })),
});

function plannedAgent(environment: Environment, tenant: Tenant, agent: Agent): PlannedAgent {
  const { id, state = "active", runs, disk } = agent;
  return {
    ...{ id, state },
    ...(runs !== undefined && { runs }),
    ...(disk !== undefined && { disk }),
    ...(!runsHere(agent) && { kit: kitDigest(environment, tenant, agent) }),
  };
}

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
  process: "service" in file.owner ? file.owner.service : file.owner.agent,
  sha256: createHash("sha256").update(file.content).digest("hex"),
  bytes: Buffer.byteLength(file.content),
  kind: file.kind,
});

const maskOutputs = ({ outputs, secretOutputs }: Recording): Record<string, unknown> =>
  maskSecrets(outputs, secretOutputs) as Record<string, unknown>;
