import type { Values } from "../preview/computed";
import { marker } from "../preview/markers";
import { tlsOutput } from "./certificates";
import type { Secrets } from "./keycloak/secrets";

/** Outputs whose provider makes up a secret: ours is made up here. */
const SECRET_OUTPUTS = [
  "random:index/randomPassword:RandomPassword result",
  "keycloak:openid/client:Client clientSecret",
];

/**
 * Stands in for the providers that make secrets and certificates, so that everything the program derives from them (hashes
 * of keys, users' files, settings) is real. What was made once stays, as it does in a stack's state: the environment can be
 * declared again with other tenants.
 */
export function realValues(secrets: Secrets): Values {
  const made = new Map<string, string>();
  return ({ type, label, inputs }, output) => {
    if (SECRET_OUTPUTS.includes(`${type} ${output}`)) return secrets.ofOutput(type, label, output);
    const key = marker(type, label, output);
    const value = made.get(key) ?? tlsOutput(type, inputs, output);
    if (value !== undefined) made.set(key, value);
    return value;
  };
}
