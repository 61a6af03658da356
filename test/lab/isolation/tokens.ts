import { createPublicKey, generateKeyPairSync, randomUUID } from "node:crypto";
import { deviceTokens, grafanaTokens, type Tokens } from "../device";
import { GRAFANA_CLIENT, REALM } from "../../../src/model/names";
import { base64, STRANGE_REALM, type Forge } from "./forge";

/** Credentials that a file gets once. */
export interface Known {
  readonly mx: string;
  readonly pe: string;
  readonly service: string;
  readonly readKey: string;
  readonly otherKey: string;
  readonly person: Tokens;
  readonly grafana: Tokens;
}

export async function known({ lab, outputs, admin }: Forge): Promise<Known> {
  const password = outputs.tenants["mx"]?.users["mx-viewer"]?.password ?? "";
  const viewer = { username: "mx-viewer", password };
  const [client] = await admin.list(`/realms/${REALM}/clients?clientId=${GRAFANA_CLIENT}`);
  const [redirectUri] = (client?.["redirectUris"] ?? []) as readonly string[];
  const { keycloak } = lab.urls;
  const [mx, pe, service] = await Promise.all(
    ["agent-mx", "agent-pe", "service-mx-checkout"].map((id) => lab.token(id)),
  );
  // One after the other: Keycloak keeps one login of a person at a time apart from another one by its code.
  const person = await deviceTokens(keycloak, viewer);
  const grafana = await grafanaTokens(
    keycloak,
    { id: GRAFANA_CLIENT, secret: String(client?.["secret"]), redirectUri: redirectUri ?? "" },
    viewer,
  );
  const [readKey, otherKey] = ["mx", "pe"].map((tenant) => outputs.tenants[tenant]?.readKey ?? "");
  return {
    mx: mx ?? "",
    pe: pe ?? "",
    service: service ?? "",
    readKey: readKey ?? "",
    otherKey: otherKey ?? "",
    person,
    grafana,
  };
}

type Make = (forge: Forge, known: Known) => string | Promise<string>;

const parts = (token: string): readonly [string, string, string] =>
  token.split(".") as unknown as readonly [string, string, string];

/** A token with this algorithm in its header and no true signature. */
const without =
  (alg: string) =>
  (forge: Forge): string =>
    `${base64({ alg, typ: "JWT", kid: forge.signing.kid })}.${base64(forge.agent("mx"))}.`;

const other = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const curve = generateKeyPairSync("ec", { namedCurve: "P-256" });
const header =
  (changed: Readonly<Record<string, unknown>>): Make =>
  (forge) =>
    forge.sign(forge.agent("mx"), changed);

/** HMAC with what everybody knows of the realm's key. */
const hmac =
  (secretOf: (forge: Forge) => Buffer, kid?: string): Make =>
  (forge) =>
    forge.sign(forge.agent("mx"), { alg: "HS256", ...(kid !== undefined && { kid }) }, secretOf(forge));

const pem = ({ signing }: Forge): Buffer =>
  Buffer.from(createPublicKey(signing.key).export({ type: "spki", format: "pem" }));
const der = ({ signing }: Forge): Buffer =>
  createPublicKey(signing.key).export({ type: "spki", format: "der" });

/** Tokens that are wrong in their header or signature, by what is wrong. */
export const token = {
  none: without("none"),
  NONE: without("NONE"),
  nOnE: (forge, known) => `${without("nOnE")(forge)}${parts(known.mx)[2]}`,
  unsigned: (_forge, { mx }) => `${parts(mx)[0]}.${parts(mx)[1]}.`,
  hmacPem: hmac(pem),
  hmacDer: hmac(der),
  hmacEmpty: hmac(() => Buffer.from("\0"), ""),
  ps256: header({ alg: "PS256" }),
  rs384: header({ alg: "RS384" }),
  es256: (forge) => forge.sign(forge.agent("mx"), { alg: "ES256" }, curve.privateKey),
  encryptionKey: (forge) =>
    forge.sign(forge.agent("mx"), { kid: forge.encryption.kid }, forge.encryption.key),
  embedded: (forge) =>
    forge.sign(forge.agent("mx"), { jwk: other.publicKey.export({ format: "jwk" }) }, other.privateKey),
  elsewhere: (forge) =>
    forge.sign(
      forge.agent("mx"),
      { jku: "http://127.0.0.1:9/keys", x5u: "http://127.0.0.1:9/chain", x5c: [] },
      other.privateKey,
    ),
  kidPath: header({ kid: "../../../../dev/null" }),
  kidUrl: header({ kid: "http://127.0.0.1:9/keys" }),
  kidUnknown: (forge) => forge.sign(forge.agent("mx"), { kid: randomUUID() }),
  kidStranger: async (forge) => {
    // Keycloak writes the algorithm first; this one does not.
    const head = base64({ kid: randomUUID(), alg: "RS256" });
    return `${head}.${parts(await forge.sign(forge.agent("mx")))
      .slice(1)
      .join(".")}`;
  },
  exchanged: (forge, { mx }) => `${parts(mx)[0]}.${base64(forge.agent("pe"))}.${parts(mx)[2]}`,
  turned: (_forge, { mx }) => `${mx.slice(0, -20)}${mx.at(-20) === "A" ? "B" : "A"}${mx.slice(-19)}`,
  joined: (_forge, { mx }) => `${mx},${mx}`,
  fourParts: (_forge, { mx }) => `${mx}.${parts(mx)[2]}`,
  noToken: () => "tenant-mx",
  otherRealm: (forge) => forge.stranger(),
  otherIssuer: (forge) =>
    forge.sign(forge.agent("mx", { iss: `${forge.lab.urls.keycloak}/realms/${STRANGE_REALM}` })),
  id: (_forge, { person }) => person.id_token ?? "",
  refresh: (_forge, { person }) => person.refresh_token ?? "",
  grafana: (_forge, { grafana }) => grafana.access_token,
} satisfies Readonly<Record<string, Make>> as Readonly<Record<string, Make>>;
