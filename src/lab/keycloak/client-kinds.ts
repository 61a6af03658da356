import type * as keycloak from "@pulumi/keycloak";
import { address, attribute, attributes, config, named, same, type FieldsOf } from "./fields";
import { inRealm, text, texts, type DeclaredResource, type Kind } from "./kinds";

const accessTypes = ["CONFIDENTIAL", "PUBLIC", "BEARER-ONLY"];

const client: Kind = {
  fields: {
    realmId: address,
    clientId: same,
    clientSecret: named("secret"),
    name: same,
    description: same,
    enabled: same,
    accessType: (body, value) => {
      if (!accessTypes.includes(String(value))) throw new Error(`accessType: "${String(value)}" is none`);
      body["publicClient"] = value === "PUBLIC";
      body["bearerOnly"] = value === "BEARER-ONLY";
    },
    serviceAccountsEnabled: same,
    standardFlowEnabled: same,
    implicitFlowEnabled: same,
    directAccessGrantsEnabled: same,
    oauth2DeviceAuthorizationGrantEnabled: attribute("oauth2.device.authorization.grant.enabled"),
    fullScopeAllowed: same,
    rootUrl: same,
    validRedirectUris: named("redirectUris"),
    webOrigins: same,
    validPostLogoutRedirectUris: attribute("post.logout.redirect.uris"),
    pkceCodeChallengeMethod: attribute("pkce.code.challenge.method"),
    accessTokenLifespan: attribute("access.token.lifespan"),
    useRefreshTokens: attribute("use.refresh.tokens"),
    useRefreshTokensClientCredentials: attribute("client_credentials.use_refresh_token"),
    extraConfig: attributes,
  } satisfies FieldsOf<keycloak.openid.ClientArgs>,
  defaults: {
    protocol: "openid-connect",
    clientAuthenticatorType: "client-secret",
    enabled: true,
    standardFlowEnabled: false,
    implicitFlowEnabled: false,
    directAccessGrantsEnabled: false,
    serviceAccountsEnabled: false,
    frontchannelLogout: false,
    redirectUris: [],
    webOrigins: [],
    fullScopeAllowed: true,
    consentRequired: false,
    alwaysDisplayInConsole: false,
    attributes: {
      "backchannel.logout.revoke.offline.tokens": "false",
      "backchannel.logout.session.required": "true",
      "client_credentials.use_refresh_token": "false",
      "display.on.consent.screen": "false",
      "exclude.issuer.from.auth.response": "false",
      "exclude.session.state.from.auth.response": "false",
      "oauth2.device.authorization.grant.enabled": "false",
      "oauth2.jwt.authorization.grant.enabled": "false",
      "standard.token.exchange.enabled": "false",
      "use.refresh.tokens": "true",
    },
  },
  step: (declared) => ({
    kind: "object",
    collection: inRealm(declared, "clients"),
    key: "clientId",
    query: { clientId: text(declared, "clientId") },
    // Keycloak keeps none of a public one.
    body:
      declared.body["publicClient"] === true
        ? declared.body
        : { secret: declared.secret("clientSecret"), ...declared.body },
  }),
};

const clientScope: Kind = {
  fields: {
    realmId: address,
    name: same,
    includeInTokenScope: attribute("include.in.token.scope"),
    includeInOpenidProviderMetadata: attribute("include.in.openid.provider.metadata"),
  } satisfies FieldsOf<keycloak.openid.ClientScopeArgs>,
  defaults: {
    protocol: "openid-connect",
    attributes: {
      "display.on.consent.screen": "false",
      "include.in.token.scope": "true",
      "include.in.openid.provider.metadata": "true",
    },
  },
  step: (declared) => ({
    kind: "object",
    collection: inRealm(declared, "client-scopes"),
    key: "name",
    body: declared.body,
  }),
};

const clientDefaultScopes: Kind = {
  fields: {
    realmId: address,
    clientId: address,
    defaultScopes: address,
  } satisfies FieldsOf<keycloak.openid.ClientDefaultScopesArgs>,
  step: (declared) => {
    const owner = inRealm(declared, "clients", text(declared, "clientId"));
    return {
      kind: "set",
      members: [...owner, "default-client-scopes"],
      wanted: texts(declared, "defaultScopes"),
      candidates: inRealm(declared, "client-scopes"),
      rival: [...owner, "optional-client-scopes"],
      exhaustive: true,
    };
  },
};

/** What a mapper puts where: its provider's defaults. */
const token = {
  addToIdToken: config("id.token.claim"),
  addToAccessToken: config("access.token.claim"),
};
const inTokens = { "id.token.claim": "true", "access.token.claim": "true" };
const mapper = (protocolMapper: string, defaults: object) => ({
  defaults: { protocol: "openid-connect", protocolMapper, config: { ...inTokens, ...defaults } },
  step: (declared: DeclaredResource) => ({
    kind: "object" as const,
    collection: inRealm(declared, "clients", text(declared, "clientId"), "protocol-mappers", "models"),
    key: "name",
    body: declared.body,
  }),
});

const hardcodedClaim: Kind = {
  fields: {
    realmId: address,
    clientId: address,
    name: same,
    ...token,
    addToUserinfo: config("userinfo.token.claim"),
    claimName: config("claim.name"),
    claimValue: config("claim.value"),
    claimValueType: config("jsonType.label"),
  } satisfies FieldsOf<keycloak.openid.HardcodedClaimProtocolMapperArgs>,
  ...mapper("oidc-hardcoded-claim-mapper", { "userinfo.token.claim": "true", "jsonType.label": "String" }),
};

const audience: Kind = {
  fields: {
    realmId: address,
    clientId: address,
    name: same,
    ...token,
    includedCustomAudience: config("included.custom.audience"),
  } satisfies FieldsOf<keycloak.openid.AudienceProtocolMapperArgs>,
  ...mapper("oidc-audience-mapper", { "introspection.token.claim": "true" }),
};

const groupMembership: Kind = {
  fields: {
    realmId: address,
    clientId: address,
    name: same,
    ...token,
    addToUserinfo: config("userinfo.token.claim"),
    claimName: config("claim.name"),
    fullPath: config("full.path"),
  } satisfies FieldsOf<keycloak.openid.GroupMembershipProtocolMapperArgs>,
  ...mapper("oidc-group-membership-mapper", {
    "userinfo.token.claim": "true",
    "introspection.token.claim": "false",
    "full.path": "true",
  }),
};

export const CLIENT_KINDS: Readonly<Record<string, Kind>> = {
  "keycloak:openid/client:Client": client,
  "keycloak:openid/clientScope:ClientScope": clientScope,
  "keycloak:openid/clientDefaultScopes:ClientDefaultScopes": clientDefaultScopes,
  "keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper": hardcodedClaim,
  "keycloak:openid/audienceProtocolMapper:AudienceProtocolMapper": audience,
  "keycloak:openid/groupMembershipProtocolMapper:GroupMembershipProtocolMapper": groupMembership,
};
