import type * as keycloak from "@pulumi/keycloak";
import { randomBytes, randomUUID } from "node:crypto";
import { text, type Fields, type Table, type Tables } from "./table";
import type { World } from "./world";

/*
 * ForceNew and DiffSuppressFunc: keycloak/terraform-provider-keycloak v5.8 (2026-08), provider/resource_keycloak_*.go and
 * generic_keycloak_identity_provider.go, which pulumi-keycloak 6.13.0 bridges. Its provider/resources.go names realms, clients,
 * providers and (SetAutonaming) everything with a name itself.
 */

const unreachable = (_: Fields, world: World): string | undefined =>
  world.runs("keycloak") ? undefined : "error sending request to Keycloak: connection refused";

const newId = (): string => randomUUID();
const served = { id: newId, refuses: unreachable } as const;

const realm: Table<keycloak.RealmArgs> = {
  required: { realm: true },
  replacedBy: ["realm", "internalId"],
  deletedFirst: "realm",
  ...served,
  id: ({ realm: name }) => text(name),
  unique: ({ realm: name }) => text(name),
  computed: {
    internalId: newId,
    defaultDefaultClientScopes: () => [],
    defaultOptionalClientScopes: () => [],
  },
};

const group: Table<keycloak.GroupArgs> = {
  required: { realmId: true },
  replacedBy: ["realmId", "parentId", "organizationId"],
  deletedFirst: "name",
  ...served,
  unique: ({ realmId, parentId, name }) => [realmId, parentId ?? "", name].map(text).join("/"),
  computed: { path: ({ name }) => `/${text(name)}` },
};

const user: Table<keycloak.UserArgs> = {
  required: { realmId: true, username: true },
  replacedBy: ["realmId", "username", "import"],
  onlyAtCreation: ["initialPassword"],
  sensitive: ["initialPassword.value"],
  ...served,
  unique: ({ realmId, username }) => [realmId, username].map(text).join("/"),
};

const userGroups: Table<keycloak.UserGroupsArgs> = {
  required: { realmId: true, userId: true, groupIds: true },
  replacedBy: ["realmId", "userId"],
  ...served,
  adopts: true,
  id: ({ realmId, userId }) => `${text(realmId)}/user-groups/${text(userId)}`,
};

const client: Table<keycloak.openid.ClientArgs> = {
  required: { realmId: true, accessType: true },
  replacedBy: ["realmId", "import"],
  deletedFirst: "clientId",
  sensitive: ["clientSecret", "clientSecretWo"],
  ...served,
  unique: ({ realmId, clientId }) => [realmId, clientId].map(text).join("/"),
  computed: {
    clientSecret: () => randomBytes(24).toString("base64url"),
    resourceServerId: () => "",
    serviceAccountUserId: newId,
  },
};

const clientScope: Table<keycloak.openid.ClientScopeArgs> = {
  required: { realmId: true },
  replacedBy: ["realmId"],
  deletedFirst: "name",
  ...served,
  unique: ({ realmId, name }) => [realmId, name].map(text).join("/"),
};

const defaultScopes: Table<keycloak.openid.ClientDefaultScopesArgs> = {
  required: { realmId: true, clientId: true, defaultScopes: true },
  replacedBy: ["realmId", "clientId"],
  ...served,
  adopts: true,
  id: ({ realmId, clientId }) => `${text(realmId)}/${text(clientId)}`,
};

const mapperName = ({ realmId, clientId, clientScopeId, name }: Fields): string =>
  [realmId, clientId ?? "", clientScopeId ?? "", name].map(text).join("/");
const mapper = { ...served, deletedFirst: "name", unique: mapperName } as const;

const hardcodedClaim: Table<keycloak.openid.HardcodedClaimProtocolMapperArgs> = {
  required: { realmId: true, claimName: true, claimValue: true },
  replacedBy: ["realmId", "clientId", "clientScopeId"],
  ...mapper,
};

const audience: Table<keycloak.openid.AudienceProtocolMapperArgs> = {
  required: { realmId: true },
  replacedBy: ["realmId", "clientId", "clientScopeId"],
  ...mapper,
};

const groupMembership: Table<keycloak.openid.GroupMembershipProtocolMapperArgs> = {
  required: { realmId: true, claimName: true },
  replacedBy: ["realmId", "clientId", "clientScopeId", "name"],
  ...mapper,
};

const ofRealm = { ...served, adopts: true, id: ({ realmId }: Fields) => text(realmId) } as const;

const realmDefaults: Table<keycloak.RealmDefaultClientScopesArgs> = {
  required: { realmId: true, defaultScopes: true },
  replacedBy: ["realmId"],
  ...ofRealm,
};

const realmOptionals: Table<keycloak.RealmOptionalClientScopesArgs> = {
  required: { realmId: true, optionalScopes: true },
  replacedBy: ["realmId"],
  ...ofRealm,
};

const identityProvider: Table<keycloak.oidc.IdentityProviderArgs> = {
  required: { realm: true, alias: true, authorizationUrl: true, clientId: true, tokenUrl: true },
  replacedBy: ["realm", "alias", "addReadTokenRoleOnCreate"],
  deletedFirst: "alias",
  sensitive: ["clientSecret", "clientSecretWo"],
  ...served,
  unique: ({ realm: name, alias }) => [name, alias].map(text).join("/"),
  id: ({ alias }) => text(alias),
  computed: { internalId: newId },
};

const policyProfile: Table<keycloak.RealmClientPolicyProfileArgs> = {
  required: { realmId: true },
  replacedBy: ["name"],
  deletedFirst: "name",
  ...served,
  unique: ({ realmId, name }) => [realmId, name].map(text).join("/"),
};

const policy: Table<keycloak.RealmClientPolicyProfilePolicyArgs> = {
  required: { realmId: true, profiles: true },
  replacedBy: ["name"],
  deletedFirst: "name",
  ...served,
  unique: ({ realmId, name }) => [realmId, name].map(text).join("/"),
};

export const keycloakTables: Tables = {
  "keycloak:index/realm:Realm": realm,
  "keycloak:index/realmDefaultClientScopes:RealmDefaultClientScopes": realmDefaults,
  "keycloak:index/realmOptionalClientScopes:RealmOptionalClientScopes": realmOptionals,
  "keycloak:index/group:Group": group,
  "keycloak:index/user:User": user,
  "keycloak:index/userGroups:UserGroups": userGroups,
  "keycloak:index/realmClientPolicyProfile:RealmClientPolicyProfile": policyProfile,
  "keycloak:index/realmClientPolicyProfilePolicy:RealmClientPolicyProfilePolicy": policy,
  "keycloak:oidc/identityProvider:IdentityProvider": identityProvider,
  "keycloak:openid/client:Client": client,
  "keycloak:openid/clientScope:ClientScope": clientScope,
  "keycloak:openid/clientDefaultScopes:ClientDefaultScopes": defaultScopes,
  "keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper": hardcodedClaim,
  "keycloak:openid/audienceProtocolMapper:AudienceProtocolMapper": audience,
  "keycloak:openid/groupMembershipProtocolMapper:GroupMembershipProtocolMapper": groupMembership,
};
