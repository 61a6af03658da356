import type { Tenant } from "../../src/model/tenant";

/** Writers of the live files that name tenants. They put a file in place and end: the processes go on. */
export const WRITERS = [
  "auth-files",
  "auth-secrets",
  "envoy-files",
  "loki-files",
  "mimir-files",
  "tempo-files",
].map((name) => `replace docker:Container ${name}`);

const SIGNALS = ["logs", "metrics", "traces"];
const ROLES = ["admin", "editor", "viewer"];

/** Everything that is a tenant's own, with its only agent `agent-<id>` sending or not. */
export const ownOf = (
  op: "create" | "delete",
  id: string,
  state: Tenant["state"] = "active",
): readonly string[] => {
  const agent = `agent-${id}`;
  return [
    `atalaya:tenant:Tenant ${id}`,
    `random:RandomUuid ${id}-anchor`,
    ...["own", "operators"].map((whose) => `random:RandomPassword ${id}-key-${whose}`),
    ...["Organisation", "OperatorsView"].map((view) => `atalaya:view:${view} ${id}`),
    `grafana:Organization ${id}-organisation`,
    // In its own organisation, and in the operators'.
    ...[...SIGNALS, ...SIGNALS].map((signal) => `grafana:DataSource ${id}-${signal}`),
    `atalaya:identity:TenantIdentity ${id}`,
    `keycloak:Group ${id}-group`,
    ...ROLES.flatMap((role) => [
      `keycloak:Group ${id}-group-${role}`,
      `keycloak:User ${id}-${role}-user`,
      `keycloak:UserGroups ${id}-${role}-groups`,
      `random:RandomPassword ${id}-${role}-password`,
    ]),
    ...clientOf(agent),
    ...agentOf(agent, state),
  ].map((name) => `${op} ${name}`);
};

export const clientOf = (id: string, client = id): readonly string[] => [
  `atalaya:identity:Client ${id}`,
  `keycloak:Client ${client}-client`,
  `keycloak:AudienceProtocolMapper ${client}-audience`,
  `keycloak:ClientDefaultScopes ${client}-default-scopes`,
  `keycloak:HardcodedClaimProtocolMapper ${client}-tenant`,
];

/** One that does not send has neither a secret nor anybody who asks whether it is ready. */
export const agentOf = (id: string, state: Tenant["state"] = "active"): readonly string[] => [
  `atalaya:tenant:Agent ${id}`,
  `docker:Network ${id}-network`,
  `docker:Volume ${id}-config`,
  `docker:Volume ${id}-data`,
  `docker:Container ${id}-container`,
  `docker:Container ${id}-files`,
  `docker:Container ${id}-prepare`,
  ...(state === "active"
    ? [`docker:Container ${id}-ready`, `docker:Container ${id}-secrets`, `docker:Volume ${id}-secrets`]
    : []),
];

export const sorted = (...lists: readonly (readonly string[])[]): readonly string[] => lists.flat().sort();
