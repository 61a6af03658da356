import { isFields, type Fields } from "./deployment";

/** Where a thing is, if it was made. */
export type Place = DockerPlace | KeycloakPlace | GrafanaPlace;

export interface DockerPlace {
  readonly server: "docker";
  readonly kind: "container" | "network" | "volume";
  readonly name: string;
  /** The value that its label `atalaya.environment` would have. */
  readonly environment: string;
}

export interface KeycloakPlace {
  readonly server: "keycloak";
  /** What it is called in a sentence: `client agent-co`. */
  readonly called: string;
  /** Of the admin API. Its own where its `key` is its id; else that of a list. */
  readonly path: string;
  /** What it is found by in a list. */
  readonly listed?: {
    readonly key: string;
    readonly value: string;
    readonly query?: Readonly<Record<string, string>>;
    /** Where each is under its id, when not below the list. */
    readonly items?: string;
    /** It may have members, and others of its kind below it. */
    readonly members?: true;
  };
}

export type GrafanaPlace =
  | { readonly server: "grafana"; readonly kind: "organisation"; readonly name: string }
  | {
      readonly server: "grafana";
      readonly kind: "dataSource";
      readonly organisation: string;
      readonly uid: string;
    };

/** What becomes of a thing that was being made. */
export type Rule =
  /** No server has it: what was made went with the process. */
  | { readonly treatment: "forget" }
  /** Making it again takes what is there, and sets it right. */
  | { readonly treatment: "repeat" }
  /** It holds data, or may have been there before: the state is told of it. */
  | { readonly treatment: "adopt"; readonly place: PlaceOf }
  /** It holds nothing yet, and its server would refuse a second one: it is made anew. */
  | { readonly treatment: "remove"; readonly place: PlaceOf };

/** Undefined when an input that it is found by is missing, or secret. */
type PlaceOf = (inputs: Fields) => Place | undefined;

const said = (inputs: Fields, key: string): string | undefined => {
  const value = inputs[key];
  return typeof value === "string" && value !== "" ? value : undefined;
};

/** Undefined for labels that are secret, as a whole or in part. */
function environmentOf(labels: unknown): string | undefined {
  if (!Array.isArray(labels)) return undefined;
  const label = labels.filter(isFields).find((one) => one["label"] === "atalaya.environment");
  return said(label ?? {}, "value");
}

const docker =
  (kind: DockerPlace["kind"]): PlaceOf =>
  (inputs) => {
    const [name, environment] = [said(inputs, "name"), environmentOf(inputs["labels"])];
    if (name === undefined || environment === undefined) return undefined;
    return { server: "docker", kind, name, environment };
  };

/** `/realms/<realm>/...` */
const path = (...segments: readonly string[]): string =>
  ["", "realms", ...segments].map(encodeURIComponent).join("/");

/** In a list of the realm that `realmId` names. */
const listed =
  (
    kind: string,
    key: string,
    list: (inputs: Fields) => readonly string[] | undefined,
    more: {
      readonly query?: (value: string) => Readonly<Record<string, string>>;
      readonly items?: string;
      readonly members?: true;
    } = {},
  ): PlaceOf =>
  (inputs) => {
    const [realm, value, below] = [said(inputs, "realmId"), said(inputs, key), list(inputs)];
    if (realm === undefined || value === undefined || below === undefined) return undefined;
    return {
      server: "keycloak",
      called: `${kind} ${value}`,
      path: path(realm, ...below),
      listed: {
        key,
        value,
        ...(more.query && { query: more.query(value) }),
        ...(more.items !== undefined && { items: path(realm, more.items) }),
        ...(more.members && { members: true }),
      },
    };
  };

const mapper: Rule = {
  treatment: "remove",
  place: listed("mapper", "name", (inputs) => {
    const [client, scope] = [said(inputs, "clientId"), said(inputs, "clientScopeId")];
    const owner = client === undefined ? ["client-scopes", scope] : ["clients", client];
    return owner.every((segment) => segment !== undefined)
      ? [...owner, "protocol-mappers", "models"]
      : undefined;
  }),
};

const DOCKER: Readonly<Record<string, Rule>> = {
  "docker:index/container:Container": { treatment: "remove", place: docker("container") },
  "docker:index/network:Network": { treatment: "remove", place: docker("network") },
  "docker:index/volume:Volume": { treatment: "adopt", place: docker("volume") },
  // Pulled or built again, they are the same.
  "docker:index/remoteImage:RemoteImage": { treatment: "repeat" },
  "docker:index/image:Image": { treatment: "repeat" },
};

const KEYCLOAK: Readonly<Record<string, Rule>> = {
  "keycloak:index/realm:Realm": {
    treatment: "adopt",
    place: (inputs) => {
      const realm = said(inputs, "realm");
      return realm === undefined
        ? undefined
        : { server: "keycloak", called: `realm ${realm}`, path: path(realm) };
    },
  },
  "keycloak:index/group:Group": {
    treatment: "remove",
    place: listed(
      "group",
      "name",
      (inputs) => {
        const parent = said(inputs, "parentId");
        return parent === undefined ? ["groups"] : ["groups", parent, "children"];
      },
      { query: (search) => ({ search, exact: "true" }), items: "groups", members: true },
    ),
  },
  // Made anew, because its password comes in a second call, which may not have been made.
  "keycloak:index/user:User": {
    treatment: "remove",
    place: listed("user", "username", () => ["users"], {
      query: (username) => ({ username, exact: "true" }),
    }),
  },
  "keycloak:openid/client:Client": {
    treatment: "remove",
    place: listed("client", "clientId", () => ["clients"], { query: (clientId) => ({ clientId }) }),
  },
  "keycloak:openid/clientScope:ClientScope": {
    treatment: "remove",
    place: listed("client scope", "name", () => ["client-scopes"]),
  },
  "keycloak:oidc/identityProvider:IdentityProvider": {
    treatment: "remove",
    place: (inputs) => {
      const [realm, alias] = [said(inputs, "realm"), said(inputs, "alias")];
      if (realm === undefined || alias === undefined) return undefined;
      return {
        server: "keycloak",
        called: `identity provider ${alias}`,
        path: path(realm, "identity-provider", "instances", alias),
      };
    },
  },
  "keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper": mapper,
  "keycloak:openid/audienceProtocolMapper:AudienceProtocolMapper": mapper,
  "keycloak:openid/groupMembershipProtocolMapper:GroupMembershipProtocolMapper": mapper,
  // Which others belong to something: a list that is set as a whole.
  "keycloak:index/userGroups:UserGroups": { treatment: "repeat" },
  "keycloak:index/realmDefaultClientScopes:RealmDefaultClientScopes": { treatment: "repeat" },
  "keycloak:index/realmOptionalClientScopes:RealmOptionalClientScopes": { treatment: "repeat" },
  "keycloak:openid/clientDefaultScopes:ClientDefaultScopes": { treatment: "repeat" },
};

const GRAFANA: Readonly<Record<string, Rule>> = {
  "grafana:oss/organization:Organization": {
    treatment: "adopt",
    place: (inputs) => {
      const name = said(inputs, "name");
      return name === undefined ? undefined : { server: "grafana", kind: "organisation", name };
    },
  },
  "grafana:oss/dataSource:DataSource": {
    treatment: "remove",
    place: (inputs) => {
      const [organisation, uid] = [said(inputs, "orgId"), said(inputs, "uid")];
      if (organisation === undefined || uid === undefined) return undefined;
      return { server: "grafana", kind: "dataSource", organisation, uid };
    },
  },
  // Grafana has one of each kind.
  "grafana:oss/ssoSettings:SsoSettings": { treatment: "repeat" },
};

/** What the program itself makes: components, and what the engine knows of providers. */
const OURS = /^(atalaya|pulumi):/;
const GENERATED = /^(random|tls):/;

/** By type token. Undefined for a type that this program does not declare. */
export const ruleOf = (type: string): Rule | undefined =>
  OURS.test(type) || GENERATED.test(type)
    ? { treatment: "forget" }
    : { ...DOCKER, ...KEYCLOAK, ...GRAFANA }[type];
