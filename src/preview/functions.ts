import type * as docker from "@pulumi/docker";
import type * as keycloak from "@pulumi/keycloak";
import { marker } from "./markers";

type Arguments = Readonly<Record<string, unknown>>;
type Answer<R> = (args: Arguments, text: (property: string) => string) => Partial<R>;

const answer = <R>(make: Answer<R>): Answer<R> => make;

/**
 * Provider functions that an offline preview can answer: look-ups of what every server of its kind has. One that is not here
 * needs the real engine, and the recording fails with its name.
 */
const FUNCTIONS: Readonly<Record<string, Answer<object>>> = {
  "docker:index/getRegistryImage:getRegistryImage": answer<docker.GetRegistryImageResult>((_, text) => ({
    sha256Digest: text("sha256Digest"),
  })),
  "keycloak:index/getRealm:getRealm": answer<keycloak.GetRealmResult>(({ realm }, text) => ({
    id: String(realm),
    internalId: text("internalId"),
  })),
  "keycloak:index/getRole:getRole": answer<keycloak.GetRoleResult>(() => ({})),
  "keycloak:index/getGroup:getGroup": answer<keycloak.GetGroupResult>(() => ({})),
  "keycloak:openid/getClient:getClient": answer<keycloak.openid.GetClientResult>((_, text) => ({
    serviceAccountUserId: text("serviceAccountUserId"),
    resourceServerId: text("resourceServerId"),
  })),
  "keycloak:openid/getClientScope:getClientScope": answer<keycloak.openid.GetClientScopeResult>(() => ({})),
};

/** The result of a provider function, `undefined` where it is not known. */
export function callFunction(token: string, args: Arguments): Record<string, unknown> | undefined {
  const make = FUNCTIONS[token];
  if (!make) return undefined;
  const label = Object.values(args)
    .filter((value) => typeof value === "string")
    .join("/");
  const text = (property: string): string => marker(token, label, property);
  return { id: text("id"), ...args, ...make(args, text) };
}
