import type * as keycloak from "@pulumi/keycloak";
import { address, config, named, same, seconds, type FieldsOf } from "./fields";
import { inRealm, text, texts, type Kind } from "./kinds";

type BruteForce = keycloak.types.input.RealmSecurityDefensesBruteForceDetection;

const bruteForce: FieldsOf<BruteForce> = {
  maxLoginFailures: (body, value) => {
    body["bruteForceProtected"] = true;
    body["failureFactor"] = value;
  },
  waitIncrementSeconds: same,
  maxFailureWaitSeconds: same,
  failureResetTimeSeconds: named("maxDeltaTimeSeconds"),
  minimumQuickLoginWaitSeconds: same,
  quickLoginCheckMilliSeconds: same,
  permanentLockout: same,
};

const realm: Kind = {
  fields: {
    realm: same,
    enabled: same,
    displayName: same,
    registrationAllowed: same,
    resetPasswordAllowed: same,
    rememberMe: same,
    verifyEmail: same,
    duplicateEmailsAllowed: same,
    editUsernameAllowed: same,
    sslRequired: same,
    accessTokenLifespan: seconds,
    accessTokenLifespanForImplicitFlow: seconds,
    ssoSessionIdleTimeout: seconds,
    ssoSessionMaxLifespan: seconds,
    passwordPolicy: same,
    securityDefenses: {
      bruteForceDetection: bruteForce,
    } satisfies FieldsOf<keycloak.types.input.RealmSecurityDefenses>,
  } satisfies FieldsOf<keycloak.RealmArgs>,
  defaults: {
    enabled: true,
    userManagedAccessAllowed: false,
    registrationAllowed: false,
    registrationEmailAsUsername: false,
    editUsernameAllowed: false,
    resetPasswordAllowed: false,
    rememberMe: false,
    verifyEmail: false,
    // Computed by the provider, which sends what it has not been told as false.
    loginWithEmailAllowed: false,
    duplicateEmailsAllowed: false,
    sslRequired: "external",
    internationalizationEnabled: false,
    bruteForceProtected: false,
    browserSecurityHeaders: {
      contentSecurityPolicy: "frame-src 'self'; frame-ancestors 'self'; object-src 'none';",
      contentSecurityPolicyReportOnly: "",
      strictTransportSecurity: "max-age=31536000; includeSubDomains",
      xContentTypeOptions: "nosniff",
      xFrameOptions: "SAMEORIGIN",
      xRobotsTag: "none",
      referrerPolicy: "no-referrer",
    },
  },
  step: (declared) => ({
    kind: "object",
    collection: ["realms"],
    key: "realm",
    keyIsId: true,
    // Its id is its name as well, as the provider has it.
    body: { ...declared.body, id: text(declared, "realm") },
  }),
};

const group: Kind = {
  fields: { realmId: address, parentId: address, name: same } satisfies FieldsOf<keycloak.GroupArgs>,
  step: (declared) => ({
    kind: "object",
    collection: inRealm(
      declared,
      "groups",
      ...(declared.inputs["parentId"] === undefined ? [] : [text(declared, "parentId"), "children"]),
    ),
    items: inRealm(declared, "groups"),
    key: "name",
    query: { search: text(declared, "name"), exact: "true" },
    body: declared.body,
  }),
};

const user: Kind = {
  fields: {
    realmId: address,
    username: same,
    enabled: same,
    email: same,
    emailVerified: same,
    firstName: same,
    lastName: same,
    initialPassword: {
      value: address,
      temporary: address,
    } satisfies FieldsOf<keycloak.types.input.UserInitialPassword>,
  } satisfies FieldsOf<keycloak.UserArgs>,
  defaults: { enabled: true, emailVerified: false },
  step: (declared) => {
    const password = declared.inputs["initialPassword"] as Readonly<Record<string, unknown>> | undefined;
    return {
      kind: "object",
      collection: inRealm(declared, "users"),
      key: "username",
      query: { username: text(declared, "username"), exact: "true" },
      body: declared.body,
      ...(password && {
        first: { path: "reset-password", body: { temporary: false, ...password, type: "password" } },
      }),
    };
  },
};

const userGroups: Kind = {
  fields: {
    realmId: address,
    userId: address,
    groupIds: address,
    exhaustive: address,
  } satisfies FieldsOf<keycloak.UserGroupsArgs>,
  step: (declared) => ({
    kind: "set",
    members: inRealm(declared, "users", text(declared, "userId"), "groups"),
    wanted: texts(declared, "groupIds"),
    exhaustive: declared.inputs["exhaustive"] !== false,
  }),
};

/** What clients are given when they are made. */
const realmScopes = (kind: "default" | "optional", property: string): Kind["step"] => {
  const rival = kind === "default" ? "optional" : "default";
  return (declared) => ({
    kind: "set",
    members: inRealm(declared, `default-${kind}-client-scopes`),
    wanted: texts(declared, property),
    candidates: inRealm(declared, "client-scopes"),
    rival: inRealm(declared, `default-${rival}-client-scopes`),
    exhaustive: true,
  });
};

const identityProvider: Kind = {
  fields: {
    realm: address,
    alias: same,
    displayName: same,
    enabled: same,
    trustEmail: same,
    storeToken: same,
    issuer: config("issuer"),
    authorizationUrl: config("authorizationUrl"),
    tokenUrl: config("tokenUrl"),
    jwksUrl: config("jwksUrl"),
    validateSignature: config("validateSignature"),
    clientId: config("clientId"),
    clientSecret: config("clientSecret"),
    defaultScopes: config("defaultScope"),
    syncMode: config("syncMode"),
    extraConfig: (body, value) => {
      body["config"] = { ...(body["config"] as object | undefined), ...(value as object) };
    },
  } satisfies FieldsOf<keycloak.oidc.IdentityProviderArgs>,
  defaults: {
    providerId: "oidc",
    enabled: true,
    storeToken: true,
    addReadTokenRoleOnCreate: false,
    authenticateByDefault: false,
    linkOnly: false,
    trustEmail: false,
    firstBrokerLoginFlowAlias: "first broker login",
    config: {
      backchannelSupported: "true",
      defaultScope: "openid",
      disableUserInfo: "false",
      syncMode: "LEGACY",
      validateSignature: "false",
    },
  },
  step: (declared) => ({
    kind: "object",
    collection: ["realms", text(declared, "realm"), "identity-provider", "instances"],
    key: "alias",
    keyIsId: true,
    body: {
      ...declared.body,
      config: {
        ...(declared.body["config"] as object),
        useJwksUrl: String(declared.inputs["jwksUrl"] !== undefined),
      },
    },
  }),
};

export const REALM_KINDS: Readonly<Record<string, Kind>> = {
  "keycloak:index/realm:Realm": realm,
  "keycloak:index/group:Group": group,
  "keycloak:index/user:User": user,
  "keycloak:index/userGroups:UserGroups": userGroups,
  "keycloak:index/realmDefaultClientScopes:RealmDefaultClientScopes": {
    fields: {
      realmId: address,
      defaultScopes: address,
    } satisfies FieldsOf<keycloak.RealmDefaultClientScopesArgs>,
    step: realmScopes("default", "defaultScopes"),
  },
  "keycloak:index/realmOptionalClientScopes:RealmOptionalClientScopes": {
    fields: {
      realmId: address,
      optionalScopes: address,
    } satisfies FieldsOf<keycloak.RealmOptionalClientScopesArgs>,
    step: realmScopes("optional", "optionalScopes"),
  },
  "keycloak:oidc/identityProvider:IdentityProvider": identityProvider,
};
