import { createHmac, generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SignJWT } from "jose";
import { decide, type Knowledge } from "../../src/auth/decide";
import type { AuthorizationRequest, Decision } from "../../src/auth/decision";
import { parseDirectory, parseKeys } from "../../src/auth/directory";
import { parseJwks, type KeySet } from "../../src/auth/jwks";
import { KeyRing } from "../../src/auth/keys";
import { TokenCache } from "../../src/auth/token-cache";
import { tokenVerifier, type Keys } from "../../src/auth/tokens";

export const issuer = "http://localhost:8090/realms/observability";
export const audience = "atalaya-edge";
export const expected = { issuer, audience };
export const pepper = "a-pepper-of-some-length";
export const PERSON = "5f1c2a34-0b7d-4c1e-9a55-3d2f1e0c9b8a";

const hash = (key: string): string => createHmac("sha256", pepper).update(key).digest("hex");
export const declared = (id: string, orgId: string, secret: string, rights: readonly string[]) => ({
  id,
  orgId,
  hash: hash(secret),
  rights,
});
const tenant = (id: string, state: string) => ({
  ...{ id, orgId: `tenant-${id}`, state, agents: [`agent-${id}`] },
  services: [{ clientId: `service-${id}-shop`, scopes: ["orders:read"] }],
});

/** mx and pe are active, co is suspended; the texts of the live files. */
export const directoryText = JSON.stringify({
  version: 1,
  tenants: [tenant("mx", "active"), tenant("pe", "active"), tenant("co", "suspended")],
});
export const keysText = JSON.stringify({
  version: 1,
  keys: [
    declared("grafana-mx", "tenant-mx", "atl_mx_reader", ["metrics:read", "logs:read", "traces:read"]),
    declared("shipper-mx", "tenant-mx", "atl_mx_writer", ["logs:write"]),
    declared("grafana-co", "tenant-co", "atl_co_reader", ["metrics:read"]),
  ],
});
export const directory = parseDirectory(directoryText);
export const keys = new KeyRing(parseKeys(keysText), Buffer.from(pepper));

export type Kind = "rsa" | "ec";
/** Whoever signs tokens: a key, and how it is published. */
export class Signer {
  readonly privateKey: KeyObject;
  readonly jwk: Readonly<Record<string, unknown>>;

  constructor(
    readonly kid: string,
    readonly alg = "RS256",
    published: Readonly<Record<string, unknown>> = {},
  ) {
    const pair = alg.startsWith("ES")
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: 2_048 });
    this.privateKey = pair.privateKey;
    this.jwk = { ...pair.publicKey.export({ format: "jwk" }), kid, alg, use: "sig", ...published };
  }

  /** A token of the realm that lives five minutes, unless the claims say otherwise; `undefined` leaves one out. */
  sign(claims: Claims, header: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const all = { iss: issuer, aud: audience, iat: now, exp: now + 300, ...claims };
    return new SignJWT(all)
      .setProtectedHeader({ alg: this.alg, kid: this.kid, ...header })
      .sign(this.privateKey);
  }
}
export type Claims = Readonly<Record<string, unknown>>;

export const jwksText = (...signers: readonly Pick<Signer, "jwk">[]): string =>
  JSON.stringify({ keys: signers.map(({ jwk }) => jwk) });

/** Keys that never change and are never asked for anew: an unknown one stays unknown. */
export function fixedKeys(text: string): Keys & { current: KeySet } {
  const current = parseJwks(text);
  return {
    current,
    find: (kid) => {
      const key = current.get(kid);
      if (key === undefined) return Promise.resolve({ kind: "unknown" });
      return Promise.resolve(key === "unusable" ? { kind: "absent" } : { kind: "key", key });
    },
  };
}

export const signer = new Signer("k1");
export const knowledge: Knowledge = {
  directory,
  keys,
  verify: tokenVerifier(expected, fixedKeys(jwksText(signer)), new TokenCache()),
};

export const bearer = async (claims: Claims, header?: Readonly<Record<string, unknown>>): Promise<string> =>
  `Bearer ${await signer.sign(claims, header)}`;

export const push = (overrides: Partial<AuthorizationRequest> = {}): AuthorizationRequest => ({
  method: "POST",
  path: "/v1/traces",
  authorization: undefined,
  apiKey: undefined,
  requestedTenant: undefined,
  ...overrides,
});
export const read = (overrides: Partial<AuthorizationRequest> = {}): AuthorizationRequest =>
  push({ method: "GET", path: "/prometheus/api/v1/query", ...overrides });

export const decision = async (request: AuthorizationRequest, by: Knowledge = knowledge): Promise<Decision> =>
  (await decide(request, by)).decision;

export const denied = (status: number, code: string) => ({ kind: "deny", status, code });
export const undecided = (code: string) => ({ kind: "undecided", code });
export const allowed = (orgId: string, userId: string) => ({ kind: "allow", orgId, userId });

/** An HTTP server that gives keys, or whatever a test has it give. */
export class FakeKeycloak implements AsyncDisposable {
  requests = 0;
  /** What it answers with. */
  respond: (response: ServerResponse) => void = (response) => response.end(this.text);

  private constructor(
    readonly server: Server,
    public text: string,
  ) {}

  static async listen(text: string): Promise<FakeKeycloak> {
    const server = createServer((_request, response) => {
      fake.requests++;
      fake.respond(response);
    });
    const fake = new FakeKeycloak(server, text);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return fake;
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}/certs`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
