import type { Forge } from "./forge";
import { token, type Known } from "./tokens";
import type { Refusal } from "./ledger";
import type { Credentials, World } from "./world";

/** What a verifier says: the organisation it lets in, or status and code. */
export type Verdict = `tenant-${string}` | Refusal;

/** One line of the decision table: a credential, and what each of the two verifiers says of it on a write. */
export interface Case {
  /** Of the list of cases; `+` is one that was missing there. */
  readonly row: string;
  readonly what: string;
  readonly credentials: (world: World, known: Known) => Credentials | Promise<Credentials>;
  readonly query?: string;
  readonly edge: Verdict;
  /** On a read, where that does not follow from the edge's on a write. */
  readonly read?: Verdict;
  /** Where it is another one than the edge's, with the reason. */
  readonly service?: readonly [Verdict | readonly Verdict[], why: string];
}

/** Services are known where there is something to read, and have no scope for it; of what is written agents alone are. */
const asService = (one: Case): Case => ({ ...one, read: "403 right_missing" });

/** What the auth service says of it. */
export const serviceVerdicts = ({ edge, service }: Case): readonly Verdict[] => [service?.[0] ?? edge].flat();

const INVALID = "401 token_invalid";
const MISSING = "401 credential_missing";
const DENIED = "403 tenant_denied";

type Claim = (forge: Forge) => Readonly<Record<string, unknown>>;

/** A token of agent-mx by the realm's own key, with these claims changed. */
const claims = (
  row: string,
  what: string,
  changed: Readonly<Record<string, unknown>> | Claim,
  edge: Verdict,
  service?: Case["service"],
): Case => ({
  ...{ row, what, edge },
  ...(service !== undefined && { service }),
  credentials: async (world) => [
    await world.agent("mx", typeof changed === "function" ? changed(world.forge) : changed),
  ],
});

/** A token of agent-mx whose signature or header is not what it should be. */
const signed = (
  row: string,
  what: string,
  how: string,
  edge: Verdict = INVALID,
  service?: Case["service"],
): Case => ({
  ...{ row, what, edge },
  ...(service !== undefined && { service }),
  credentials: async (world, known) => {
    const make = token[how];
    if (make === undefined) throw new Error(`no token is wrong by "${how}"`);
    return [world.bearer(await make(world.forge, known))];
  },
});

const headers = (
  row: string,
  what: string,
  credentials: (known: Known) => Credentials,
  edge: Verdict,
  service?: Case["service"],
): Case => ({
  ...{ row, what, edge, credentials: (_world, known) => credentials(known) },
  ...(service !== undefined && { service }),
});

const now = (): number => Math.floor(Date.now() / 1_000);
const ASKED = [
  DENIED,
  "it judges what was asked for; the edge lets nothing of it through and stores under the token's",
] as const;

export const GOOD: readonly Case[] = [
  claims("=", "what Keycloak says of agent-mx", {}, "tenant-mx"),
  claims("=", "several audiences, ours among them", { aud: ["account", "atalaya-edge"] }, "tenant-mx"),
  claims(
    "=",
    "expired less than the tolerated difference of clocks ago",
    () => ({ iat: now() - 320, exp: now() - 20 }),
    "tenant-mx",
  ),
  claims(
    "=",
    "issued by a clock that is a little ahead",
    () => ({ iat: now() + 30, exp: now() + 330 }),
    "tenant-mx",
  ),
  headers("=", "a real token of agent-mx", ({ mx }) => [["authorization", `Bearer ${mx}`]], "tenant-mx"),
  headers("=", "a real token of agent-pe", ({ pe }) => [["authorization", `Bearer ${pe}`]], "tenant-pe"),
];

export const MISSING_CREDENTIALS: readonly Case[] = [
  headers("1", "no credential", () => [], MISSING),
  headers("1", "an empty Authorization", () => [["authorization", ""]], MISSING),
  headers("1", "Bearer and nothing", () => [["authorization", "Bearer"]], MISSING),
  headers("1", "another scheme with a good token", ({ mx }) => [["authorization", `Token ${mx}`]], MISSING),
  headers("1", "a good token without a scheme", ({ mx }) => [["authorization", mx]], MISSING),
  headers("1", "bearer in lower case", ({ mx }) => [["authorization", `bearer ${mx}`]], MISSING),
  headers(
    "1",
    "a good token in Proxy-Authorization",
    ({ mx }) => [["proxy-authorization", `Bearer ${mx}`]],
    MISSING,
  ),
  headers(
    "1",
    "a good token in X-Forwarded-Authorization",
    ({ mx }) => [["x-forwarded-authorization", `Bearer ${mx}`]],
    MISSING,
  ),
  headers(
    "1",
    "a good token in a cookie",
    ({ mx }) => [["cookie", `access_token=${mx}; Authorization=${mx}`]],
    MISSING,
  ),
  {
    ...headers("19b", "a good token in the query, and no header", () => [], MISSING),
    query: "?access_token=MX",
  },
  {
    ...headers("+", "a good key in the query, and no header", () => [], MISSING),
    query: "?api_key=KEY&x-api-key=KEY",
  },
];

/** No key of the realm could have signed it; the next one that Keycloak publishes could. */
const UNKNOWN_KEY: Case["service"] = [
  [INVALID, "503 keys_unavailable"],
  "asks Keycloak anew and then knows, or asked it a moment ago; Envoy cannot ask, and tells by the header whose it is",
];

const NO_TOKEN: Case["service"] = [
  [MISSING, INVALID],
  "may call what has not even a token's form no credential at all: the same status, another code",
];

export const SIGNATURES: readonly Case[] = [
  signed("3", "alg none", "none"),
  signed("3", "alg NONE", "NONE"),
  signed("3", "alg nOnE, with the signature of a good token", "nOnE"),
  signed("3", "no signature under a good header", "unsigned"),
  signed("4", "HS256 with the public key's PEM as its secret", "hmacPem"),
  signed("4", "HS256 with the public key's DER as its secret", "hmacDer"),
  signed("4", "HS256 with an empty secret and kid", "hmacEmpty"),
  signed("5", "PS256 by a key that is for RS256", "ps256", INVALID, UNKNOWN_KEY),
  signed("5", "RS384 by a key that is for RS256", "rs384"),
  signed("5", "ES256 under the kid of an RSA key", "es256", INVALID, UNKNOWN_KEY),
  signed(
    "5",
    "RS256 by a key of the realm that is for encryption",
    "encryptionKey",
    "503 keys_unavailable",
    UNKNOWN_KEY,
  ),
  signed("6", "an embedded jwk that signed it", "embedded"),
  signed("6", "jku and x5u that name other keys", "elsewhere"),
  signed("6", "kid with ../", "kidPath", "503 keys_unavailable", UNKNOWN_KEY),
  signed("6", "kid that is a URL", "kidUrl", "503 keys_unavailable", UNKNOWN_KEY),
  signed("7", "a kid that nobody knows", "kidUnknown", "503 keys_unavailable", UNKNOWN_KEY),
  signed(
    "7",
    "a kid that nobody knows, in a header that is not Keycloak's",
    "kidStranger",
    INVALID,
    UNKNOWN_KEY,
  ),
  signed("+", "a payload exchanged under a good signature", "exchanged"),
  signed("+", "a signature of which a bit is turned", "turned"),
  signed("+", "the good token twice, joined by a comma", "joined", INVALID, NO_TOKEN),
  signed("+", "four parts", "fourParts", INVALID, NO_TOKEN),
  signed("+", "text that is no token", "noToken", INVALID, NO_TOKEN),
  signed("10", "a real token of another realm of the same Keycloak", "otherRealm"),
  signed("10", "another realm's issuer under this realm's key", "otherIssuer"),
  signed("13", "a real ID token", "id"),
  signed("13", "a real refresh token", "refresh"),
  signed("14", "the token that Grafana holds of a person", "grafana"),
];

export const CLAIMS: readonly Case[] = [
  claims("8", "expired", () => ({ iat: now() - 400, exp: now() - 100 }), INVALID),
  claims("8", "no exp", { exp: undefined }, INVALID),
  claims("8", "exp as text", () => ({ exp: String(now() + 300) }), INVALID),
  claims("8", "exp 0", { exp: 0 }, INVALID),
  claims("8", "exp below 0", { exp: -1 }, INVALID),
  claims("8", "nbf in the future", () => ({ nbf: now() + 200 }), INVALID),
  claims("8", "iat in the future", () => ({ iat: now() + 200, exp: now() + 400 }), INVALID),
  claims("8", "no iat", { iat: undefined }, INVALID),
  claims("8", "iat as text", () => ({ iat: String(now()) }), INVALID),
  claims("9", "exp years ahead", () => ({ exp: now() + 3 * 365 * 86_400 }), INVALID),
  claims("9", "a second longer than the longest life", () => ({ iat: now(), exp: now() + 601 }), INVALID),
  claims("9", "long ago issued and not yet expired", () => ({ iat: now() - 3_000, exp: now() + 300 }), INVALID),
  claims("9", "exp beyond what a clock can say", { exp: 1e300 }, INVALID),
  claims("11", "issuer with a slash at its end", (forge) => ({ iss: `${forge.issuer}/` }), INVALID),
  claims("11", "issuer in other letters", (forge) => ({ iss: forge.issuer.replace("realms", "Realms") }), INVALID),
  claims("11", "issuer by the inner host", (forge) => ({ iss: forge.issuer.replace("localhost", "127.0.0.1") }), INVALID),
  claims("11", "issuer with another scheme", (forge) => ({ iss: forge.issuer.replace("http:", "https:") }), INVALID),
  claims("11", "no issuer", { iss: undefined }, INVALID),
  claims("11", "two issuers", (forge) => ({ iss: [forge.issuer] }), INVALID),
  claims("12", "no audience", { aud: undefined }, INVALID),
  claims("12", "audience account", { aud: "account" }, INVALID),
  claims("12", "no audience in a list", { aud: [] }, INVALID),
  claims("12", "audience in other letters", { aud: "Atalaya-Edge" }, INVALID),
  claims("12", "audience that begins as ours", { aud: "atalaya-edge-2" }, INVALID),
  ...([
    ["missing", undefined], ["empty", ""], ["a list", ["tenant-mx"]], ["a number", 7], ["null", null],
    ["an object", { a: "tenant-mx" }], ["true", true], ["with a space at its end", "tenant-mx "],
    ["in capitals", "TENANT-MX"], ["cut", "tenant-m"], ["the id alone", "mx"], ["joined by |", "tenant-mx|tenant-pe"],
    ["joined by a comma", "tenant-mx,tenant-pe"], ["a star", "*"], ["with a line's end", "tenant-mx\r\nx-scope-orgid: tenant-pe"],
    ["with a zero byte", "tenant-mx\u0000"], ["encoded", "tenant%2dmx"], ["with a homoglyph", "tenant-m\u0445"],
    ["a format of Envoy's", "%REQ(x-scope-orgid)%"],
  ] as const).map(([what, value]) => claims("15", `tenant_id ${what}`, { tenant_id: value }, DENIED)),
  claims("16", "a tenant that nobody has", { azp: "agent-zz", tenant_id: "tenant-zz" }, DENIED),
  claims("16", "the platform's own tenant", { azp: "agent-platform", tenant_id: "tenant-platform" }, DENIED),
  claims("17", "agent-mx as tenant-pe", { tenant_id: "tenant-pe" }, DENIED),
  claims("17", "agent-pe as tenant-mx", { azp: "agent-pe", client_id: "agent-pe" }, DENIED),
  claims("17", "no azp, the client in client_id", { azp: undefined }, DENIED),
  claims("17", "azp a list", { azp: ["agent-mx"] }, DENIED),
  claims("17", "a binding that is cut at another place", { azp: "agent-mx|tenant-mx", tenant_id: "" }, DENIED),
  claims("17", "the entry that keeps the list from being empty", { azp: "no client", tenant_id: "no tenant" }, DENIED),
  asService(claims("17", "a service's client of the same tenant", { azp: "service-mx-checkout" }, DENIED)),
  claims("14", "a person's token by Grafana, for the edge", { azp: "grafana", tenant_id: undefined, groups: ["/tenants/mx/admin"] }, DENIED),
  claims("14", "a person's token by Grafana, with an agent's tenant", { azp: "grafana" }, DENIED),
  asService(headers("17", "a real token of a service's client", ({ service }) => [["authorization", `Bearer ${service}`]], DENIED)),
]; // prettier-ignore

/** Several credentials at once, and keys. What a key may do, the auth service decides on both ways. */
export const MIXED: readonly Case[] = [
  headers("+", "a key that nobody has", () => [["x-api-key", "atl_nobody"]], "401 key_invalid"),
  headers("+", "a key that is empty", () => [["x-api-key", ""]], "401 key_invalid"),
  headers("+", "a key for reading", ({ readKey }) => [["x-api-key", readKey]], "403 right_missing"),
  headers("+", "a key for reading as Bearer", ({ readKey }) => [["authorization", `Bearer ${readKey}`]], "403 right_missing"),
  headers("+", "a key for reading as a password", ({ readKey }) => [["authorization", basic(`mx:${readKey}`)]], "403 right_missing"),
  headers("+", "a key twice", ({ readKey }) => [["x-api-key", readKey], ["x-api-key", readKey]], "401 key_invalid"),
  headers("+", "keys of two tenants", ({ readKey, otherKey }) => [["x-api-key", readKey], ["x-api-key", otherKey]], "401 key_invalid"),
  headers("+", "a key of pe beside a token of mx", ({ mx, otherKey }) => [["authorization", `Bearer ${mx}`], ["x-api-key", otherKey]], "401 credential_ambiguous"),
  headers("+", "a key of mx beside a token of mx", ({ mx, readKey }) => [["authorization", `Bearer ${mx}`], ["x-api-key", readKey]], "401 credential_ambiguous"),
  headers("+", "a bad key beside a good token", ({ mx }) => [["authorization", `Bearer ${mx}`], ["x-api-key", "x"]], "401 credential_ambiguous"),
  headers("+", "a token of mx twice, once as a service's", ({ mx }) => [["authorization", `Bearer ${mx}`], ["x-service-token", mx]], "401 credential_ambiguous"),
  headers("+", "a service's token beside a token of mx", ({ mx, service }) => [["authorization", `Bearer ${mx}`], ["x-service-token", service]], "401 credential_ambiguous"),
  headers("+", "a service's token beside a key", ({ service, readKey }) => [["x-api-key", readKey], ["x-service-token", service]], "401 credential_ambiguous"),
  asService(headers("+", "a service's token where it belongs", ({ service }) => [["x-service-token", service]], DENIED)),
  headers("+", "an agent's token as a service's", ({ mx }) => [["x-service-token", mx]], DENIED),
  headers("+", "a person's or nobody's text as a service's token", () => [["x-service-token", "x"]], INVALID),
  headers("+", "basic authentication with a good token as its password", ({ mx }) => [["authorization", basic(`mx:${mx}`)]], "401 key_invalid"),
  headers("+", "basic authentication that is no base64", () => [["authorization", "Basic !!!"]], "401 credential_ambiguous"),
]; // prettier-ignore

const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

/** A good token of mx, and another tenant asked for: stored as mx, or refused; never as another. */
export const ASKING: readonly Case[] = (
  [
    ["20", "tenant-pe", [["x-scope-orgid", "tenant-pe"]]],
    ["20", "tenant-pe in capitals", [["X-SCOPE-ORGID", "TENANT-PE"]]],
    ["20", "tenant-pe in a name of mixed letters", [["x-Scope-oRGid", "tenant-pe"]]],
    ["20", "pe, then mx", [["x-scope-orgid", "tenant-pe"], ["x-scope-orgid", "tenant-mx"]]],
    ["20", "mx,pe", [["x-scope-orgid", "tenant-mx,tenant-pe"]]],
    ["20", "mx|pe", [["x-scope-orgid", "tenant-mx|tenant-pe"]]],
  ] satisfies [string, string, Credentials][]
).map(([row, what, asked]) => ({
  ...{ row, what: `agent-mx asks for ${what}`, edge: "tenant-mx" },
  service: ASKED,
  credentials: (_world, { mx }) => [["authorization", `Bearer ${mx}`], ...asked],
})); // prettier-ignore

export const ASKING_NOBODY: readonly Case[] = [
  headers("20", "agent-mx asks for an empty name", ({ mx }) => [["authorization", `Bearer ${mx}`], ["x-scope-orgid", ""]], "tenant-mx"),
  headers("20", "agent-mx asks for its own", ({ mx }) => [["authorization", `Bearer ${mx}`], ["x-scope-orgid", "tenant-mx"]], "tenant-mx"),
  headers("20", "agent-mx asks by our own private header", ({ mx }) => [["x-atalaya-requested-tenant", "tenant-pe"], ["authorization", `Bearer ${mx}`], ["x-scope-orgid", "tenant-mx"]], "tenant-mx"),
]; // prettier-ignore

export const TABLE: readonly Case[] = [
  ...GOOD,
  ...MISSING_CREDENTIALS,
  ...SIGNATURES,
  ...CLAIMS,
  ...MIXED,
  ...ASKING,
  ...ASKING_NOBODY,
];
