import * as pulumi from "@pulumi/pulumi";
import { join } from "node:path";
import { Agent, type Sending } from "../../components/agent";
import { inBatches } from "../../components/batches";
import type { Host, RunningService } from "../../components/host";
import { OperatorsView, Organisation } from "../../components/organisation";
import { SingleSignOn } from "../../components/single-sign-on";
import type { RotatingRealm } from "../../components/rotation";
import { Tenant } from "../../components/tenant";
import { TenantIdentity } from "../../components/tenant-identity";
import type { Environment } from "../model/environment";
import type { Moment } from "../model/rotation";
import { runsHere, sends, type Agent as DeclaredAgent } from "../model/tenant";
import { authority } from "../model/topology";
import { buildableAuthImage, plannedAuthImage } from "./auth-image";
import { silenceDebugLog } from "./debug-log";
import { environmentOutputs, tenantOutput, type TenantOutput } from "./outputs";
import type { RenderedStack } from "./render";
import { decideRotations, heldSecrets, rotatingRealm, rotationNews, type Instant } from "./rotation";
import { defineShared, hostOf, type EnvironmentInput, type Shared } from "./shared";
import { withoutStackTraces } from "./stack-traces";
import { readState } from "./state";

/** A command that was compiled to one file, which may lie anywhere, is told. */
const projectRoot = (): string => process.env["ATALAYA_ROOT"] ?? join(__dirname, "..", "..");

/** The environment variable by which an update stops everything and keeps the data: not a setting, which would be committed. */
export const STOPPED = "ATALAYA_STOPPED";

/** Tenants that are registered at once: more only fill the memory. */
const BATCH = 20;

/** What the program is told besides the stack. */
export interface ProgramInput extends EnvironmentInput {
  /** Of a running engine. Where there is none, every secret is its client's first. */
  readonly instant?: Instant;
}

/**
 * Declares everything of a stack and returns its outputs. The order is the order of trust: keys, then what knows them and
 * limits, then organisations, and only then anything by which somebody can prove to be of a tenant. Agents that are suspended
 * come before all of that: they stand still when the edge begins to refuse them.
 */
export async function defineEnvironment(input: ProgramInput): Promise<Record<string, unknown>> {
  const rotations = decideRotations(input, input.instant);
  for (const news of rotationNews(rotations)) await pulumi.log.info(news);
  const host = hostOf(input);
  const tenants: Tenant[] = [];
  const stopped: RunningService[] = [];
  await inBatches(input.tenants, BATCH, (declared) => {
    const tenant = new Tenant(declared);
    tenants.push(tenant);
    for (const agent of declared.agents.filter(runsHere))
      if (!sends(declared, agent))
        stopped.push(defineAgent(tenant, agent, { ...input, host, sending: undefined }).service);
    return tenant;
  });
  const keys = tenants.flatMap(({ ownKey, operatorsKey }) => [ownKey, operatorsKey]);
  const shared = defineShared(input, { host, keys, stopped });
  const realm = rotatingRealm(shared.realm.context, rotations);
  const outputs: TenantOutput[] = [];
  await inBatches(tenants, BATCH, (tenant) => {
    outputs.push(defineTenant(tenant, { ...input, host, realm }, shared));
    return tenant;
  });
  new SingleSignOn("single-sign-on", {
    grafana: shared.dashboards.context,
    topology: input.topology,
    clientSecret: shared.grafanaClientSecret,
    operators: shared.operators.organisationId,
    organisations: outputs.map(({ declared, grafanaOrganisation }) => ({
      tenant: declared.id,
      id: grafanaOrganisation,
    })),
  });
  return {
    ...environmentOutputs(input, shared),
    tenants: Object.fromEntries(outputs.map((output) => [output.declared.id, tenantOutput(output)])),
  };
}

interface Hosted extends EnvironmentInput {
  readonly host: Host;
}

function defineTenant(
  tenant: Tenant,
  input: Hosted & { readonly realm: RotatingRealm },
  shared: Shared,
): TenantOutput {
  const { environment, topology, realm } = input;
  const { declared } = tenant;
  const { gateway, dashboards, isolation } = shared;
  const below = { parent: tenant };
  const sources = {
    grafana: dashboards.context,
    tenant: declared,
    edge: `https://${authority(topology.services.envoy, "query")}`,
    authority: gateway.authority,
    after: shared.readable,
  };
  const organisation = new Organisation(declared.id, { ...sources, key: tenant.ownKey }, below);
  new OperatorsView(
    declared.id,
    { ...sources, key: tenant.operatorsKey, organisation: shared.operators.organisationId },
    below,
  );
  const identity = new TenantIdentity(
    declared.id,
    {
      tenant: declared,
      realm,
      demonstrationUsers: environment.demonstrationUsers,
      after: [...isolation, organisation.resource],
    },
    below,
  );
  for (const agent of declared.agents.filter(runsHere))
    if (sends(declared, agent)) {
      const client = identity.client(agent.id);
      const sending = { client, authority: gateway.authority, edge: gateway.service };
      defineAgent(tenant, agent, { ...input, sending });
    }
  return {
    declared,
    grafanaOrganisation: organisation.organisationId,
    clients: identity.clients,
    users: identity.users,
    readKey: tenant.ownKey,
  };
}

function defineAgent(
  tenant: Tenant,
  declared: DeclaredAgent,
  { host, environment, topology, files, sending }: Hosted & { readonly sending: Sending | undefined },
): Agent {
  const { id } = declared;
  const own = files.filter(({ owner }) => "agent" in owner && owner.agent === id);
  return new Agent(
    id,
    { host, environment, topology, files: own, tenant: tenant.declared, declared, sending },
    { parent: tenant },
  );
}

/** The clock is read here and nowhere else. */
async function instantOf({ clientSecrets }: Environment): Promise<{ readonly instant?: Instant }> {
  if (clientSecrets === undefined || pulumi.runtime.getEngine() === undefined) return {};
  const now = Math.floor(Date.now() / 1_000) as Moment;
  return { instant: { now, held: heldSecrets(await readState()) } };
}

/** The same for a stack of this project: its own auth image and its own configuration secrets. */
export const declareStack = (stack: RenderedStack): Promise<Record<string, unknown>> => {
  silenceDebugLog();
  const config = new pulumi.Config();
  // Without an engine nothing is built: a plan of the same tenants is the same everywhere.
  const authImage = pulumi.runtime.getEngine() === undefined ? plannedAuthImage : buildableAuthImage;
  return withoutStackTraces(async () =>
    defineEnvironment({
      ...stack,
      ...(await instantOf(stack.environment)),
      authImage: authImage(projectRoot()),
      secret: (key) => config.requireSecret(key),
      stopped: process.env[STOPPED] === "true",
    }),
  );
};
