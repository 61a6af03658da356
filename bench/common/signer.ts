import { generateKeyPairSync, randomUUID, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { SignJWT } from "jose";
import { Admin, type Representation } from "../../src/client/keycloak-admin";
import { parseOutputs } from "../../src/client/outputs";
import type { Lab } from "../../src/lab/lab";
import { EDGE_AUDIENCE, REALM } from "../../src/model/names";
import { TOKEN_LIFE } from "../../src/model/routes";
import type { Tenant } from "../../src/model/tenant";

/**
 * Tokens of any number of tenants' agents, by a key that the lab's realm publishes beside its own: for whoever verifies them they
 * are Keycloak's, and no client has to be made for each.
 */
export class Signer {
  private constructor(
    private readonly key: KeyObject,
    private readonly kid: string,
    private readonly issuer: string,
  ) {}

  /** Verifiers that start after this know the key. */
  static async open(lab: Lab): Promise<Signer> {
    const { administrators } = parseOutputs(readFileSync(lab.outputsFile, "utf8"));
    const admin = new Admin({ url: lab.urls.keycloak, ...administrators.keycloak });
    const { privateKey: key } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const realm = (await admin.get(`/realms/${REALM}`)) as Representation;
    const id = await admin.create(`/realms/${REALM}/components`, {
      name: "bench",
      providerId: "rsa",
      providerType: "org.keycloak.keys.KeyProvider",
      parentId: realm["id"],
      config: {
        ...{ priority: ["-100"], enabled: ["true"], active: ["true"], algorithm: ["RS256"] },
        privateKey: [key.export({ type: "pkcs8", format: "pem" }).toString()],
      },
    });
    const { keys } = (await admin.get(`/realms/${REALM}/keys`)) as {
      readonly keys: readonly Representation[];
    };
    const kid = keys.find(({ providerId }) => providerId === id)?.["kid"];
    if (typeof kid !== "string") throw new Error("Keycloak did not take the key.");
    return new Signer(key, kid, `${lab.urls.keycloak}/realms/${REALM}`);
  }

  /** With the claims that Keycloak gives an agent, and about as long. */
  token({ id, orgId, agents }: Pick<Tenant, "id" | "orgId" | "agents">): Promise<string> {
    const client = agents[0]?.id ?? `agent-${id}`;
    const now = Math.floor(Date.now() / 1_000);
    return new SignJWT({
      ...{ iss: this.issuer, aud: EDGE_AUDIENCE, sub: randomUUID(), typ: "Bearer", jti: randomUUID() },
      ...{ azp: client, client_id: client, tenant_id: orgId, scope: "", acr: "1" },
      ...{
        clientHost: "127.0.0.1",
        clientAddress: "127.0.0.1",
        preferred_username: `service-account-${client}`,
      },
      ...{ iat: now, exp: now + TOKEN_LIFE },
    })
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: this.kid })
      .sign(this.key);
  }
}
