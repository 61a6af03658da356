import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from "jose";
import { EDGE_AUDIENCE } from "../../src/model/names";
import type { RenderInput } from "../../src/render/input";
import { loopback, run } from "../servers";

/** Claims of a token; undefined takes one out. */
export type Claims = Readonly<Record<string, unknown>>;
export type Sign = (claims: Claims, kid?: string, key?: CryptoKey) => Promise<string>;

/** A realm's keys as Keycloak publishes them, and tokens of it: by default a good one of tenant mx's agent. */
export async function realm(issuer: string) {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "key-1", alg: "RS256", use: "sig" };
  const sign: Sign = (claims, kid = "key-1", key = privateKey) => {
    const now = Math.floor(Date.now() / 1000);
    const good = {
      iss: issuer,
      aud: EDGE_AUDIENCE,
      iat: now,
      exp: now + 300,
      azp: "agent-mx",
      tenant_id: "tenant-mx",
    };
    return new SignJWT({ ...good, ...claims })
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid })
      .sign(key);
  };
  return { keys: JSON.stringify({ keys: [jwk] }), sign };
}

/** A new throw-away certificate for this machine, where Envoy looks for it. */
export async function certificate({ topology }: RenderInput): Promise<string> {
  const { secrets } = topology.services.envoy.directories;
  const [key, crt] = [join(secrets, "tls.key"), join(secrets, "tls.crt")];
  const made = await run("openssl", [
    ..."req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost".split(" "),
    ...[
      "-addext",
      `subjectAltName=DNS:localhost,IP:${loopback}`,
      "-keyout",
      `${key}.new`,
      "-out",
      `${crt}.new`,
    ],
  ]);
  if (made.code !== 0) throw new Error(made.stderr);
  renameSync(`${key}.new`, key);
  renameSync(`${crt}.new`, crt);
  return readFileSync(crt, "utf8");
}
