import { createHash } from "node:crypto";
import type { Environment } from "../model/environment";
import { REALM } from "../model/names";
import { PORTS } from "../model/services";
import type { Agent, Tenant } from "../model/tenant";
import { agentPipeline } from "../render/agent-pipeline";
import { publicUrls } from "../stack/urls";

/** Nobody here knows where on a machine an agent elsewhere is: always the same is as good. */
const SOMEWHERE = {
  bind: "127.0.0.1",
  ports: PORTS.agent,
  directories: { data: "/data", secrets: "/secrets" },
} as const;

/**
 * SHA-256 of all that the list and the environment say of the configuration that an agent elsewhere was handed. When it differs,
 * what its machine has is stale, and nobody else would say so: the agent goes on with the old one.
 */
export function kitDigest(environment: Environment, tenant: Tenant, agent: Agent): string {
  const { otlpHttp, keycloak } = publicUrls(environment);
  const setting = {
    ...SOMEWHERE,
    edge: otlpHttp,
    tokenUrl: `${keycloak}/realms/${REALM}/protocol/openid-connect/token`,
    memory: environment.sizes.agent.memory,
  };
  const pipeline = JSON.stringify(agentPipeline(setting, tenant, agent));
  return createHash("sha256").update(pipeline).digest("hex");
}
