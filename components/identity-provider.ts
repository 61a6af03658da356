import * as keycloak from "@pulumi/keycloak";
import type * as pulumi from "@pulumi/pulumi";
import type { IdentityProvider } from "../src/model/environment";

/** Somebody else's directory of people. It says who they are, never which tenant they belong to. */
export function identityProvider(
  name: string,
  realm: pulumi.Input<string>,
  provider: IdentityProvider,
  clientSecret: pulumi.Output<string>,
  opts: pulumi.CustomResourceOptions,
): keycloak.oidc.IdentityProvider {
  return new keycloak.oidc.IdentityProvider(
    name,
    {
      realm,
      alias: provider.alias,
      displayName: provider.displayName,
      enabled: true,
      issuer: provider.issuer,
      authorizationUrl: provider.authorizationUrl,
      tokenUrl: provider.tokenUrl,
      jwksUrl: provider.jwksUrl,
      validateSignature: true,
      clientId: provider.clientId,
      clientSecret,
      defaultScopes: "openid profile email",
      syncMode: "FORCE",
      // An address that somebody else says is verified must not take over an account here.
      trustEmail: false,
      storeToken: false,
      extraConfig: { clientAuthMethod: "client_secret_post", pkceEnabled: "true", pkceMethod: "S256" },
    },
    opts,
  );
}
