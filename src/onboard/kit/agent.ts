import { PORTS } from "../../model/services";
import type { Size } from "../../model/environment";
import type { Agent, Tenant } from "../../model/tenant";
import { agentPipeline, type AgentSetting } from "../../render/agent-pipeline";
import { alloyDocument } from "../../render/alloy/document";
import type { OtlpHttpExporter, Pipeline } from "../../render/pipeline";
import { addressOf, type KitHost } from "./host";
import type { KitPlace } from "./places";

/** An agent of a tenant on a host of the tenant's own. */
export interface AgentKit {
  readonly host: KitHost;
  readonly tenant: Tenant;
  readonly agent: Agent;
  /** What it may use there. */
  readonly size: Size;
  /** Registry mirror for its image. */
  readonly imageRegistry?: string;
}

/** The container's, the unit's and the volume's name: `atalaya-agent-mx`. */
export const kitName = ({ agent }: Pick<AgentKit, "agent">): string => `atalaya-${agent.id}`;

/** Where the host's files are seen in a container. */
export const HOST_ROOT = "/host";

/** The agent's own ports, but OTLP's as the host is told (`Onboarding.listen`). */
export const portsOf = ({ host }: Pick<AgentKit, "host">): AgentSetting["ports"] => ({
  ...PORTS.agent,
  otlpGrpc: addressOf(host.listen.grpc).port,
  otlpHttp: addressOf(host.listen.http).port,
});

const settingOf = (kit: AgentKit, place: KitPlace, hostRoot: string | undefined): AgentSetting => ({
  edge: kit.host.endpoints.otlpHttp,
  tokenUrl: kit.host.endpoints.tokenUrl,
  bind: place.bind,
  ports: portsOf(kit),
  directories: { data: place.data, secrets: place.secrets },
  memory: kit.size.memory,
  ...(hostRoot !== undefined && { hostRoot }),
});

/** Without a file it is by the authorities that the host trusts anyway. */
function trusted(exporter: OtlpHttpExporter, { authority }: KitPlace): OtlpHttpExporter {
  const { caFile, ...rest } = exporter;
  return caFile === undefined || authority === undefined ? rest : { ...rest, caFile: authority };
}

/** The same pipeline as on the environment's own host, with this place's trust. */
export function kitPipeline(kit: AgentKit, place: KitPlace, hostRoot?: string): Pipeline {
  const { components, flows } = agentPipeline(settingOf(kit, place, hostRoot), kit.tenant, kit.agent);
  const trusting = Object.entries(components).map(
    ([id, component]) =>
      [id, component.kind === "otlpHttpExporter" ? trusted(component, place) : component] as const,
  );
  return { components: Object.fromEntries(trusting), flows };
}

export const kitConfig = (kit: AgentKit, place: KitPlace, hostRoot?: string): string =>
  alloyDocument(kitPipeline(kit, place, hostRoot));
