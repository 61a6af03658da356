import type { RenderedFile } from "../../model/files";
import { queuesInWords } from "../../model/queues";
import { runsHere, type Agent, type Tenant } from "../../model/tenant";
import { agentPipeline, settingOf } from "../agent-pipeline";
import { placedFile } from "../files";
import type { RenderInput } from "../input";
import { alloyDocument } from "./document";

/** One file for each agent of this host. A suspended tenant's agents keep theirs: the edge refuses them, and their queues wait. */
export const renderAgents = (input: RenderInput): readonly RenderedFile[] =>
  input.tenants.flatMap((tenant) =>
    tenant.agents.filter(runsHere).map((agent) => renderAgent(input, tenant, agent)),
  );

function renderAgent(input: RenderInput, tenant: Tenant, agent: Agent): RenderedFile {
  const directories = input.topology.agents[agent.id]?.directories;
  if (directories === undefined) throw new Error(`topology: agent "${agent.id}" has no place`);
  const content = alloyDocument(
    agentPipeline(settingOf(input, agent), tenant, agent),
    queuesInWords(tenant.limits, agent),
  );
  return placedFile(
    { agent: agent.id },
    `alloy/agents/${agent.id}.alloy`,
    directories,
    "config.alloy",
    content,
  );
}
