import * as keycloak from "@pulumi/keycloak";
import * as pulumi from "@pulumi/pulumi";
import { EDGE_AUDIENCE, type ClientId } from "../src/model/names";
import { TOKEN_LIFE } from "../src/model/routes";
import type { Tenant } from "../src/model/tenant";
import { rotatingSecret, type RotatingRealm } from "./rotation";

export interface ClientArgs {
  readonly tenant: Tenant;
  readonly realm: RotatingRealm;
  /** Whether it may get tokens: not while it or its tenant is suspended. */
  readonly enabled: boolean;
  /** What its tokens' `scope` says, besides who it is. */
  readonly scopes: readonly string[];
  /** An agent on a machine of the tenant's: this is all that the stack has of it. */
  readonly elsewhere: boolean;
  /** What must hold the tenant before this client exists. */
  readonly after: readonly pulumi.Resource[];
}

/** A program of one tenant: may get tokens by its own secret and in no other way. */
export class Client extends pulumi.ComponentResource {
  readonly clientId: ClientId;
  readonly secret: pulumi.Output<string>;

  constructor(
    clientId: ClientId,
    { tenant, realm, enabled, scopes, elsewhere, after }: ClientArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const { id, orgId } = tenant;
    super("atalaya:identity:Client", clientId, { tenant: id, orgId, clientId, scopes: [...scopes] }, opts);
    const { realmId, options } = realm;
    const child = { ...options, parent: this };
    const rotating = rotatingSecret(clientId, realm, this);
    const client = new keycloak.openid.Client(
      `${clientId}-client`,
      {
        realmId,
        clientId,
        name: clientId,
        description: `Program of tenant ${id}`,
        enabled,
        accessType: "CONFIDENTIAL",
        serviceAccountsEnabled: true,
        standardFlowEnabled: false,
        implicitFlowEnabled: false,
        directAccessGrantsEnabled: false,
        useRefreshTokens: false,
        useRefreshTokensClientCredentials: false,
        // Without it every role of the account would be in every token.
        fullScopeAllowed: false,
        accessTokenLifespan: `${TOKEN_LIFE}`,
        ...rotating.inputs,
      },
      { ...child, ...rotating.options, dependsOn: [...after, ...realm.given, ...rotating.after] },
    );
    new keycloak.openid.HardcodedClaimProtocolMapper(
      `${clientId}-tenant`,
      {
        realmId,
        clientId: client.id,
        name: "tenant",
        claimName: "tenant_id",
        claimValue: orgId,
        claimValueType: "String",
        addToAccessToken: true,
        addToIdToken: false,
        addToUserinfo: false,
      },
      child,
    );
    new keycloak.openid.AudienceProtocolMapper(
      `${clientId}-audience`,
      {
        realmId,
        clientId: client.id,
        name: "audience",
        includedCustomAudience: EDGE_AUDIENCE,
        addToAccessToken: true,
        addToIdToken: false,
      },
      child,
    );
    const named = scopes.flatMap((scope) => realm.scopes.get(scope) ?? []);
    new keycloak.openid.ClientDefaultScopes(
      `${clientId}-default-scopes`,
      // Keycloak gives a client with a service account the second one again whenever the client is changed.
      { realmId, clientId: client.id, defaultScopes: ["basic", "service_account", ...scopes].sort() },
      { ...child, dependsOn: named },
    );
    this.clientId = clientId;
    this.secret = pulumi.secret(client.clientSecret);
    // Read again by the next update, as an agent's own outputs are (src/stack/removals.ts): a client keeps its URN and its secret
    // under another tenant, whose data would then be what that machine sends.
    this.registerOutputs(
      elsewhere ? { agent: clientId, tenant: id, state: enabled ? "active" : "suspended" } : {},
    );
  }
}
