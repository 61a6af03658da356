import * as keycloak from "@pulumi/keycloak";
import type * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../src/model/environment";
import { EDGE_AUDIENCE, GRAFANA_CLIENT, PEOPLE_CLIENT } from "../src/model/names";
import { TOKEN_LIFE } from "../src/model/routes";
import type { RealmArgs } from "./realm";

/** Where a client is declared, and what it is given when it is made. */
interface Place {
  readonly realmId: pulumi.Input<string>;
  readonly given: readonly pulumi.Resource[];
  readonly options: pulumi.CustomResourceOptions;
}

/** Grafana's login: the code flow with PKCE, one exact address to come back to, and the groups of whoever logs in. */
export function grafanaClient(
  name: string,
  { topology: { urls }, grafanaClientSecret }: Pick<RealmArgs, "topology" | "grafanaClientSecret">,
  { realmId, given, options }: Place,
): void {
  const client = new keycloak.openid.Client(
    name,
    {
      realmId,
      clientId: GRAFANA_CLIENT,
      clientSecret: grafanaClientSecret,
      name: "Grafana",
      accessType: "CONFIDENTIAL",
      standardFlowEnabled: true,
      implicitFlowEnabled: false,
      directAccessGrantsEnabled: false,
      serviceAccountsEnabled: false,
      fullScopeAllowed: false,
      pkceCodeChallengeMethod: "S256",
      rootUrl: urls.grafana,
      validRedirectUris: [`${urls.grafana}/login/generic_oauth`],
      validPostLogoutRedirectUris: [`${urls.grafana}/login`],
      webOrigins: [],
    },
    { ...options, dependsOn: [...given] },
  );
  new keycloak.openid.ClientDefaultScopes(
    `${name}-default-scopes`,
    { realmId, clientId: client.id, defaultScopes: ["basic", "email", "profile"] },
    options,
  );
  groupsInToken(`${name}-groups`, { realmId, clientId: client.id }, "id", options);
}

/**
 * People's own tokens, to read with: by a code that a person types into a browser (RFC 8628). It is public, because a program on
 * a person's machine keeps no secret, and so it has no address to come back to that somebody else could listen on.
 */
export function peopleClient(
  name: string,
  { demonstrationUsers }: Pick<Environment, "demonstrationUsers">,
  { realmId, given, options }: Place,
): void {
  const client = new keycloak.openid.Client(
    name,
    {
      realmId,
      clientId: PEOPLE_CLIENT,
      name: "Atalaya's command line",
      description: "Reads what the person who logs in may read",
      accessType: "PUBLIC",
      oauth2DeviceAuthorizationGrantEnabled: true,
      standardFlowEnabled: false,
      implicitFlowEnabled: false,
      // Only where the people are ours as well: their passwords are generated, and a script has no browser.
      directAccessGrantsEnabled: demonstrationUsers,
      serviceAccountsEnabled: false,
      fullScopeAllowed: false,
      accessTokenLifespan: `${TOKEN_LIFE}`,
    },
    { ...options, dependsOn: [...given] },
  );
  new keycloak.openid.ClientDefaultScopes(
    `${name}-default-scopes`,
    { realmId, clientId: client.id, defaultScopes: ["basic"] },
    options,
  );
  groupsInToken(`${name}-groups`, { realmId, clientId: client.id }, "access", options);
  new keycloak.openid.AudienceProtocolMapper(
    `${name}-audience`,
    {
      realmId,
      clientId: client.id,
      name: "audience",
      includedCustomAudience: EDGE_AUDIENCE,
      addToAccessToken: true,
      addToIdToken: false,
    },
    options,
  );
}

/** The groups of whoever logs in, whole paths: `/tenants/mx/viewer`. */
const groupsInToken = (
  name: string,
  of: { readonly realmId: pulumi.Input<string>; readonly clientId: pulumi.Input<string> },
  token: "access" | "id",
  options: pulumi.CustomResourceOptions,
): keycloak.openid.GroupMembershipProtocolMapper =>
  new keycloak.openid.GroupMembershipProtocolMapper(
    name,
    {
      ...of,
      name: "groups",
      claimName: "groups",
      fullPath: true,
      addToIdToken: token === "id",
      addToUserinfo: token === "id",
      addToAccessToken: token === "access",
    },
    options,
  );
