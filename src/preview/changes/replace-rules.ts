import type { PlannedResource } from "../plan";

/**
 * Which inputs a provider changes in place, and which make it replace the resource. Container, volume and network are
 * `ForceNew` in the schema of the Terraform provider that Pulumi's Docker provider is made of (kreuzwerker/docker, its
 * resource_docker_container.go), except for what is listed here.
 */
const CONTAINER_UPDATES: ReadonlySet<string> = new Set([
  ...["attach", "containerReadRefreshTimeoutMilliseconds", "cpuPeriod", "cpuQuota", "cpuSet", "cpuShares"],
  ...["deviceReadBps", "deviceReadIops", "deviceWriteBps", "deviceWriteIops"],
  ...[
    "destroyGraceSeconds",
    "healthcheck",
    "init",
    "logs",
    "maxRetryCount",
    "memory",
    "memoryReservation",
    "memorySwap",
    "mustRun",
  ],
  ...["removeVolumes", "restart", "rm", "start", "tmpfs", "wait", "waitTimeout"],
]);

/** A value that was generated is generated anew whenever anything that it was made of changes. */
const GENERATED = /^(random|tls):/;
const GENERATED_UPDATES: ReadonlySet<string> = new Set(["earlyRenewalHours", "readyForRenewal"]);

/** What Keycloak's resources are looked up by, whatever they are: keycloak/terraform-provider-keycloak. */
const KEYCLOAK_IDENTITIES: ReadonlySet<string> = new Set([
  ...["realmId", "parentId", "organizationId", "clientScopeId", "userId", "username", "alias", "import"],
]);

type Rule = (input: string) => boolean;

const RULES: Readonly<Record<string, Rule>> = {
  "docker:index/container:Container": (input) => !CONTAINER_UPDATES.has(input),
  "docker:index/volume:Volume": (input) => input !== "cluster",
  "docker:index/network:Network": () => true,
  "docker:index/remoteImage:RemoteImage": (input) =>
    ["name", "platform", "pullTriggers", "triggers"].includes(input),
  // It is built again in place.
  "docker:index/image:Image": () => false,
  "keycloak:index/realm:Realm": (input) => input === "realm" || input === "internalId",
  // Both are parts of the realm, found by their names in it.
  "keycloak:index/realmClientPolicyProfile:RealmClientPolicyProfile": (input) => input === "name",
  "keycloak:index/realmClientPolicyProfilePolicy:RealmClientPolicyProfilePolicy": (input) => input === "name",
  // Called by it; mappers belong to a client by its number.
  "keycloak:openid/client:Client": (input) => KEYCLOAK_IDENTITIES.has(input),
  "keycloak:oidc/identityProvider:IdentityProvider": (input) =>
    ["realm", "alias", "addReadTokenRoleOnCreate"].includes(input),
  "keycloak:openid/groupMembershipProtocolMapper:GroupMembershipProtocolMapper": (input) =>
    ["name", "clientId"].includes(input) || KEYCLOAK_IDENTITIES.has(input),
  "grafana:oss/dataSource:DataSource": (input) => input === "orgId" || input === "uid",
};

/** Whether the provider replaces a resource of this type when this input changes. */
export function replaces({ type }: Pick<PlannedResource, "type">, input: string): boolean {
  const rule = RULES[type];
  if (rule !== undefined) return rule(input);
  if (GENERATED.test(type)) return !GENERATED_UPDATES.has(input);
  return type.startsWith("keycloak:") && (input === "clientId" || KEYCLOAK_IDENTITIES.has(input));
}
