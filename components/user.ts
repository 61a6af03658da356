import * as keycloak from "@pulumi/keycloak";
import type * as pulumi from "@pulumi/pulumi";
import { password } from "./passwords";
import type { RealmContext } from "./realm";

export interface User {
  readonly name: string;
  readonly password: pulumi.Output<string>;
}

/**
 * A user with a generated password, in the given groups. `username` is also the prefix of its resources' names. Keycloak refuses
 * names of people with brackets, `&` and the like, so `firstName` is never a tenant's own name.
 */
export function demonstrationUser(
  username: string,
  firstName: string,
  groupIds: readonly pulumi.Input<string>[],
  { realmId, options }: RealmContext,
  {
    parent,
    dependsOn = [],
  }: { readonly parent: pulumi.Resource; readonly dependsOn?: readonly pulumi.Resource[] },
): User {
  const secret = password(`${username}-password`, { parent });
  const user = new keycloak.User(
    `${username}-user`,
    {
      realmId,
      username,
      enabled: true,
      email: `${username}@demonstration.invalid`,
      emailVerified: true,
      firstName,
      lastName: "Demonstration",
      initialPassword: { value: secret, temporary: false },
    },
    { ...options, parent, dependsOn: [...dependsOn] },
  );
  new keycloak.UserGroups(
    `${username}-groups`,
    { realmId, userId: user.id, groupIds: [...groupIds], exhaustive: true },
    { ...options, parent },
  );
  return { name: username, password: secret };
}
