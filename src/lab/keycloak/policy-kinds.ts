import type * as keycloak from "@pulumi/keycloak";
import { address, same, type Field, type FieldsOf } from "./fields";
import { inRealm, text, type DeclaredResource, type Kind } from "./kinds";

interface Named {
  readonly name: string;
  readonly configuration?: Readonly<Record<string, string>>;
}

/** A list of what is called `executor` or `condition` in Keycloak, and `name` by its provider. */
const parts =
  (called: string): Field =>
  (body, value, property) => {
    body[property] = (value as readonly Named[]).map(({ name, configuration = {} }) => ({
      [called]: name,
      configuration,
    }));
  };

const entryOf = (list: string) => (declared: DeclaredResource) => ({
  kind: "entry" as const,
  document: inRealm(declared, "client-policies", list),
  list,
  name: text(declared, "name"),
  body: declared.body,
});

const policyProfile: Kind = {
  fields: {
    realmId: address,
    name: same,
    executors: parts("executor"),
  } satisfies FieldsOf<keycloak.RealmClientPolicyProfileArgs>,
  step: entryOf("profiles"),
};

const policy: Kind = {
  fields: {
    realmId: address,
    name: same,
    profiles: same,
    conditions: parts("condition"),
  } satisfies FieldsOf<keycloak.RealmClientPolicyProfilePolicyArgs>,
  defaults: { enabled: true },
  step: entryOf("policies"),
};

export const POLICY_KINDS: Readonly<Record<string, Kind>> = {
  "keycloak:index/realmClientPolicyProfile:RealmClientPolicyProfile": policyProfile,
  "keycloak:index/realmClientPolicyProfilePolicy:RealmClientPolicyProfilePolicy": policy,
};
