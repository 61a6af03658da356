import * as keycloak from "@pulumi/keycloak";
import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../src/model/environment";
import { OPERATORS_GROUP, REALM } from "../src/model/names";
import { TOKEN_LIFE } from "../src/model/routes";
import { formatGoDuration, duration } from "../src/model/units";
import type { Topology } from "../src/model/topology";
import type { Identity } from "./identity";
import { identityProvider } from "./identity-provider";
import { grafanaClient, peopleClient } from "./people-clients";
import { demonstrationUser, type User } from "./user";

export interface RealmArgs {
  readonly identity: Identity;
  readonly environment: Environment;
  readonly topology: Topology;
  /** Every scope that a service of any tenant has, each once. */
  readonly scopes: readonly string[];
  readonly grafanaClientSecret: pulumi.Input<string>;
  /** A configuration secret by its key. */
  readonly secret: (key: string) => pulumi.Output<string>;
}

/** What is needed to declare something in the realm. */
export interface RealmContext {
  readonly realmId: pulumi.Output<string>;
  /** `/tenants`. */
  readonly tenantsGroupId: pulumi.Output<string>;
  /** By name: who names one has to wait for it. */
  readonly scopes: ReadonlyMap<string, keycloak.openid.ClientScope>;
  /** What a client is given when it is made: it has to wait for them, or it keeps Keycloak's own, `offline_access` among them. */
  readonly given: readonly pulumi.Resource[];
  /** For every resource in the realm: it goes when the database goes. */
  readonly options: { readonly provider: keycloak.Provider; readonly deletedWith: pulumi.Resource };
}

const life = formatGoDuration(TOKEN_LIFE);

/** The realm of people, agents and services, and what in it belongs to no tenant. */
export class Realm extends pulumi.ComponentResource {
  readonly context: RealmContext;
  readonly operators: keycloak.Group;
  /** A demonstration operator, where there are demonstration users. */
  readonly users: readonly User[];

  constructor(name: string, args: RealmArgs, opts?: pulumi.ComponentResourceOptions) {
    super("atalaya:identity:Realm", name, { realm: REALM }, opts);
    const { identity, environment } = args;
    const options = { provider: identity.provider, deletedWith: identity.service.store };
    const child = { ...options, parent: this };
    const realm = this.#realm(name, child);
    const given = givenScopes(name, realm.id, child);
    const tenants = new keycloak.Group(`${name}-tenants`, { realmId: realm.id, name: "tenants" }, child);
    this.operators = new keycloak.Group(
      `${name}-operators`,
      { realmId: realm.id, name: OPERATORS_GROUP.slice(1) },
      child,
    );
    const scopes = new Map(
      args.scopes.map((scope) => [
        scope,
        new keycloak.openid.ClientScope(
          `${name}-scope-${scope}`,
          // Not for everybody to read in the discovery document: a tenant's services are its own business.
          {
            realmId: realm.id,
            name: scope,
            includeInTokenScope: true,
            includeInOpenidProviderMetadata: false,
          },
          child,
        ),
      ]),
    );
    for (const provider of environment.identityProviders)
      identityProvider(
        `${name}-${provider.alias}`,
        realm.realm,
        provider,
        args.secret(provider.clientSecretKey),
        child,
      );
    const forClients = { realmId: realm.id, given, options: child };
    grafanaClient(`${name}-grafana`, args, forClients);
    peopleClient(`${name}-people`, environment, forClients);
    this.context = { realmId: realm.id, tenantsGroupId: tenants.id, scopes, given, options };
    this.users = environment.demonstrationUsers
      ? [demonstrationUser("operator", "Operator", [this.operators.id], this.context, { parent: this })]
      : [];
    this.registerOutputs({});
  }

  #realm(name: string, child: pulumi.CustomResourceOptions): keycloak.Realm {
    return new keycloak.Realm(
      name,
      {
        realm: REALM,
        enabled: true,
        displayName: "Atalaya",
        registrationAllowed: false,
        resetPasswordAllowed: true,
        rememberMe: false,
        verifyEmail: false,
        duplicateEmailsAllowed: false,
        editUsernameAllowed: false,
        // Private addresses may come without TLS, others may not.
        sslRequired: "external",
        accessTokenLifespan: life,
        accessTokenLifespanForImplicitFlow: life,
        ssoSessionIdleTimeout: formatGoDuration(duration("30m")),
        ssoSessionMaxLifespan: formatGoDuration(duration("10h")),
        passwordPolicy: "length(12) and notUsername(undefined) and notEmail(undefined)",
        securityDefenses: {
          bruteForceDetection: {
            maxLoginFailures: 10,
            waitIncrementSeconds: 60,
            maxFailureWaitSeconds: 900,
            failureResetTimeSeconds: 43_200,
            minimumQuickLoginWaitSeconds: 60,
            quickLoginCheckMilliSeconds: 1_000,
            permanentLockout: false,
          },
        },
      },
      // Everybody's accounts are in it. Its scopes are declared below, where an empty list can be said.
      {
        ...child,
        protect: true,
        ignoreChanges: ["defaultDefaultClientScopes", "defaultOptionalClientScopes"],
      },
    );
  }
}

/** What a new client gets before anything else is said of it: not the roles, and no `aud`. */
const givenScopes = (
  name: string,
  realmId: pulumi.Input<string>,
  child: pulumi.CustomResourceOptions,
): readonly pulumi.Resource[] => [
  new keycloak.RealmDefaultClientScopes(
    `${name}-default-scopes`,
    { realmId, defaultScopes: ["basic"] },
    child,
  ),
  new keycloak.RealmOptionalClientScopes(`${name}-optional-scopes`, { realmId, optionalScopes: [] }, child),
];
