import { randomUUID } from "node:crypto";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { SignJWT } from "jose";
import { Admin, type Representation } from "../../../src/client/keycloak-admin";
import { parseOutputs, type StackOutputs } from "../../../src/client/outputs";
import type { Lab } from "../../../src/lab/lab";
import { EDGE_AUDIENCE, REALM } from "../../../src/model/names";
import { TOKEN_LIFE } from "../../../src/model/routes";

/** What a token says; `undefined` leaves a claim out. */
export type Claims = Readonly<Record<string, unknown>>;

/** A second realm of the same Keycloak, and a client of it that claims to be an agent. */
export const STRANGE_REALM = "strangers";
const STRANGE_SECRET = randomUUID();

export const now = (): number => Math.floor(Date.now() / 1_000);
export const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/**
 * Signs whatever a test wants with a key that the lab's realm really publishes: what is refused is then refused for what the
 * token says. Keycloak goes on signing with its own.
 */
export class Forge implements AsyncDisposable {
  readonly #remove: string[] = [];

  private constructor(
    readonly lab: Lab,
    readonly outputs: StackOutputs,
    readonly admin: Admin,
    /** Published for signatures, and published for encryption alone. */
    readonly signing: { readonly key: KeyObject; readonly kid: string },
    readonly encryption: { readonly key: KeyObject; readonly kid: string },
  ) {}

  static async open(lab: Lab): Promise<Forge> {
    const outputs = parseOutputs(readFileSync(lab.outputsFile, "utf8"));
    const admin = new Admin({ url: lab.urls.keycloak, ...outputs.administrators.keycloak });
    const [signing, encryption] = await Promise.all([
      published(admin, "rsa", "RS256"),
      published(admin, "rsa-enc", "RSA-OAEP"),
    ]);
    const forge = new Forge(lab, outputs, admin, signing, encryption);
    forge.#remove.push(signing.path, encryption.path);
    await knowNewKeys(lab);
    return forge;
  }

  get issuer(): string {
    return `${this.lab.urls.keycloak}/realms/${REALM}`;
  }

  /** What Keycloak says of an agent. */
  agent(tenant: string, claims: Claims = {}): Claims {
    const client = `agent-${tenant}`;
    return {
      ...{ iss: this.issuer, aud: EDGE_AUDIENCE, sub: randomUUID(), typ: "Bearer", jti: randomUUID() },
      ...{ azp: client, client_id: client, tenant_id: `tenant-${tenant}`, scope: "" },
      ...{ iat: now(), exp: now() + TOKEN_LIFE },
      ...claims,
    };
  }

  /** A token of these claims by the realm's own key, unless the header says otherwise. */
  sign(claims: Claims, header: Claims = {}, key: KeyObject | Uint8Array = this.signing.key): Promise<string> {
    const all = { alg: "RS256", typ: "JWT", kid: this.signing.kid, ...header };
    return new SignJWT(claims).setProtectedHeader(all).sign(key);
  }

  /** A real token of a client in the second realm, which says it is `agent-mx`. */
  async stranger(): Promise<string> {
    const answer = await fetch(
      `${this.lab.urls.keycloak}/realms/${STRANGE_REALM}/protocol/openid-connect/token`,
      {
        method: "POST",
        body: new URLSearchParams({
          grant_type: "client_credentials",
          client_id: "agent-mx",
          client_secret: STRANGE_SECRET,
        }),
      },
    );
    return ((await answer.json()) as { readonly access_token: string }).access_token;
  }

  async makeStrangeRealm(): Promise<void> {
    this.#remove.push(`/realms/${STRANGE_REALM}`);
    await this.admin.remove(`/realms/${STRANGE_REALM}`);
    await this.admin.create("/realms", {
      realm: STRANGE_REALM,
      enabled: true,
      sslRequired: "none",
      clients: [strangeClient()],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const path of this.#remove.splice(0)) await this.admin.remove(path);
  }
}

/** Processes that have fetched the realm's keys since: quicker than to wait until they do so by themselves. */
export async function knowNewKeys({ processes: { envoy, auth }, edge }: Lab): Promise<void> {
  await Promise.all([envoy.kill(), auth.stop()]);
  await Promise.all([envoy.start(), auth.start()]);
  await edge.hasKeys();
}

async function published(admin: Admin, provider: "rsa" | "rsa-enc", algorithm: string) {
  const { privateKey: key } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const realm = (await admin.get(`/realms/${REALM}`)) as Representation;
  const privateKey = key.export({ type: "pkcs8", format: "pem" }).toString();
  const id = await admin.create(`/realms/${REALM}/components`, {
    name: `isolation-${provider}`,
    providerId: provider,
    providerType: "org.keycloak.keys.KeyProvider",
    parentId: realm["id"],
    config: {
      ...{ priority: ["-100"], enabled: ["true"], active: ["true"], algorithm: [algorithm] },
      privateKey: [privateKey],
    },
  });
  const { keys } = (await admin.get(`/realms/${REALM}/keys`)) as { readonly keys: readonly Representation[] };
  const kid = keys.find(({ providerId }) => providerId === id)?.["kid"];
  if (typeof kid !== "string") throw new Error("Keycloak did not take the key");
  return { key, kid, path: `/realms/${REALM}/components/${id}` };
}

const strangeClient = (): Representation => ({
  ...{ clientId: "agent-mx", secret: STRANGE_SECRET, enabled: true, publicClient: false },
  ...{ serviceAccountsEnabled: true, standardFlowEnabled: false, fullScopeAllowed: false },
  protocolMappers: [
    mapper("tenant", "oidc-hardcoded-claim-mapper", {
      ...{ "claim.name": "tenant_id", "claim.value": "tenant-mx", "jsonType.label": "String" },
    }),
    mapper("audience", "oidc-audience-mapper", { "included.custom.audience": EDGE_AUDIENCE }),
  ],
});

const mapper = (name: string, protocolMapper: string, config: Readonly<Record<string, string>>) => ({
  ...{ name, protocolMapper, protocol: "openid-connect" },
  config: { ...config, "access.token.claim": "true" },
});
