import * as keycloak from "@pulumi/keycloak";
import * as pulumi from "@pulumi/pulumi";
import type { ClientId } from "../src/model/names";
import { ATTRIBUTES, PREVIOUS_SINCE, ROTATED, type Rotation } from "../src/model/rotation";
import { password } from "./passwords";
import type { RealmContext } from "./realm";

/** How the realm's clients get new secrets. */
export interface ClientRotation {
  /** Keycloak forgets previous secrets at once, unless this holds when they are declared. */
  readonly policy: pulumi.Resource;
  /** Of one client; undefined while it keeps the secret that Keycloak made for it. */
  readonly of: (client: ClientId) => Rotation<pulumi.Output<string>> | undefined;
}

export interface RotatingRealm extends RealmContext {
  /** Absent where secrets stay as Keycloak made them. */
  readonly rotation?: ClientRotation;
}

/**
 * Lets Keycloak accept a client's previous secret, which it does for clients that a policy with this executor is for. Whatever
 * else the executor would do is left to nobody: we say when a secret ends, and one that is renewed by hand in Keycloak's
 * console has no overlap.
 */
export class SecretRotationPolicy extends pulumi.ComponentResource {
  readonly policy: keycloak.RealmClientPolicyProfilePolicy;

  constructor(name: string, { realmId, options }: RealmContext, opts?: pulumi.ComponentResourceOptions) {
    super("atalaya:identity:SecretRotationPolicy", name, {}, opts);
    const child = { ...options, parent: this };
    const profile = new keycloak.RealmClientPolicyProfile(
      `${name}-profile`,
      {
        realmId,
        name,
        executors: [
          {
            name: "secret-rotation",
            configuration: {
              // A year: what Keycloak writes for a client without an end, which ours never are.
              "expiration-period": "31536000",
              "rotated-expiration-period": "0",
              "remaining-rotation-period": "0",
            },
          },
        ],
      },
      child,
    );
    this.policy = new keycloak.RealmClientPolicyProfilePolicy(
      `${name}-policy`,
      {
        realmId,
        name,
        profiles: [profile.name],
        conditions: [
          {
            // Only those that say so: Grafana's and Keycloak's own would be given an end.
            name: "client-attributes",
            configuration: {
              "is-negative-logic": "false",
              attributes: JSON.stringify([{ key: ROTATED.key, value: ROTATED.value }]),
            },
          },
        ],
      },
      child,
    );
    this.registerOutputs({});
  }
}

interface RotatingSecret {
  readonly inputs: Pick<keycloak.openid.ClientArgs, "clientSecret" | "extraConfig">;
  readonly options: pulumi.CustomResourceOptions;
  readonly after: readonly pulumi.Resource[];
}

/** What a client is declared with besides: nothing, where its secret stays. */
export function rotatingSecret(
  client: ClientId,
  { rotation }: RotatingRealm,
  parent: pulumi.Resource,
): RotatingSecret {
  const own = rotation?.of(client);
  if (rotation === undefined || own === undefined) return { inputs: {}, options: {}, after: [] };
  const { since, previous } = own;
  return {
    inputs: {
      clientSecret: password(`${client}-secret`, { parent }, { since: `${since}` }),
      extraConfig: {
        [ROTATED.key]: ROTATED.value,
        [ATTRIBUTES.end]: NEVER,
        [ATTRIBUTES.rotatedAt]: `${since}`,
        // Also where there is none: what Keycloak may still hold has ended.
        [ATTRIBUTES.previousEnd]: `${previous?.until ?? LONG_AGO}`,
        ...(previous !== undefined && { [ATTRIBUTES.previous]: pulumi.secret(previous.secret) }),
        ...(previous?.since !== undefined && { [PREVIOUS_SINCE]: `${previous.since}` }),
      },
    },
    options: { additionalSecretOutputs: ["extraConfig"] },
    after: [rotation.policy],
  };
}

/** The last second that Keycloak 26 can count. An end that is past makes it replace the secret by one that nobody knows. */
const NEVER = `${2 ** 31 - 1}`;
const LONG_AGO = 1;
