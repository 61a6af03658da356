import { createPublicKey, createSecretKey } from "node:crypto";
import { SignJWT } from "jose";
import { beforeEach, describe, expect, it } from "vitest";
import { TokenCache } from "../../src/auth/token-cache";
import { accepted, tokenVerifier, type Keys, type TimedClaims } from "../../src/auth/tokens";
import { LONGEST_KEPT_TOKEN } from "../../src/model/tokens";
import { audience, expected, fixedKeys, issuer, jwksText, Signer, signer } from "./world";

const MX = { azp: "agent-mx", tenant_id: "tenant-mx" };
const ec = new Signer("ec", "ES256");
const pss = new Signer("pss", "PS256");
const encryption = new Signer("enc", "RS256", { use: "enc", alg: "RSA-OAEP" });
const stranger = new Signer("k1");
const known = fixedKeys(jwksText(signer, ec, pss, encryption));

const verify = (token: string) => tokenVerifier(expected, known, new TokenCache())(token);
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const INVALID = { kind: "invalid" };

describe("a token's signature", () => {
  it.each([signer, ec, pss])("by a published key for $alg is valid", async (by) => {
    expect(await verify(await by.sign(MX))).toMatchObject({ kind: "valid", claims: MX });
  });

  it.each<[string, () => Promise<string>]>([
    ["by another key under the same kid", () => stranger.sign(MX)],
    ["by a key that is for encryption", () => encryption.sign(MX, { alg: "RS256" })],
    ["by PS256 where the key is for RS256", () => signer.sign(MX, { alg: "PS256" })],
    ["by RS384", () => signer.sign(MX, { alg: "RS384" })],
    ["by ES256 under the kid of an RSA key", () => ec.sign(MX, { kid: "k1" })],
    ["without a kid", () => signer.sign(MX, { kid: undefined })],
    ["with a kid that is no text", () => signer.sign(MX, { kid: 1 })],
    ["with a jwk of its own", () => stranger.sign(MX, { jwk: stranger.jwk })],
    ["with jku and x5u", () => stranger.sign(MX, { jku: "http://127.0.0.1:9/", x5u: "http://127.0.0.1:9/" })],
    ["with something that must be understood", () => signer.sign(MX, { crit: ["b64"], b64: true })],
    ["that is none", () => Promise.resolve(`${base64({ alg: "none", kid: "k1" })}.${base64({ ...MX, iss: issuer })}.`)],
    ["that is nOnE", () => Promise.resolve(`${base64({ alg: "nOnE", kid: "k1" })}.${base64({ ...MX, iss: issuer })}.`)],
    ["that was left out", async () => (await signer.sign(MX)).replace(/[^.]*$/, "")],
    [
      "by HS256 with the public key as its secret",
      () => {
        const pem = createPublicKey(signer.privateKey).export({ type: "spki", format: "pem" });
        const made = new SignJWT({ ...MX, iss: issuer, aud: audience, iat: now, exp: now + 300 });
        return made.setProtectedHeader({ alg: "HS256", kid: "k1" }).sign(Buffer.from(pem));
      },
    ],
    ["under another payload", async () => {
      const [head, , signature] = (await signer.sign(MX)).split(".");
      return [head, base64({ ...MX, iss: issuer, aud: audience, iat: now, exp: now + 300 }), signature].join(".");
    }],
  ])("%s is invalid", async (_case, make) => {
    expect(await verify(await make())).toEqual(INVALID);
  }); // prettier-ignore

  it.each([
    "a.b.c",
    "..",
    `${base64([])}.${base64({ iss: issuer })}.x`,
    `${base64({ alg: "RS256", kid: "k1" })}.${base64([1])}.x`,
  ])("of text that is no token, %j, is invalid", async (token) => {
    expect(await verify(token)).toEqual(INVALID);
  });

  it.each<[string, () => Promise<string>]>([
    [
      "a refresh token of Keycloak's",
      () => {
        const made = new SignJWT({ ...MX, iss: issuer, aud: issuer, iat: now, exp: now + 300 });
        return made.setProtectedHeader({ alg: "HS512", kid: "hmac" }).sign(Buffer.alloc(64, 1));
      },
    ],
    ["another algorithm", () => signer.sign(MX, { alg: "RS384", kid: "unknown" })],
    ["another realm's", () => signer.sign({ ...MX, iss: `${issuer}2` }, { kid: "unknown" })],
    ["one for somebody else", () => signer.sign({ ...MX, aud: "account" }, { kid: "unknown" })],
    [
      "one that expired, by a key that was removed",
      () => signer.sign({ iat: 1, exp: 2 }, { kid: "unknown" }),
    ],
  ])("of %s is invalid and no key is looked for", async (_case, make) => {
    const asked: string[] = [];
    const counting: Keys = { ...known, find: (kid) => (asked.push(kid), known.find(kid)) };
    expect(await tokenVerifier(expected, counting, new TokenCache())(await make())).toEqual(INVALID);
    expect(asked).toEqual([]);
  });

  it("is not called invalid where it is the verification that fails", async () => {
    const key = { key: createSecretKey(Buffer.alloc(32)), alg: "RS256" } as const;
    const failing: Keys = { ...known, find: () => Promise.resolve({ kind: "key", key }) };
    const token = await signer.sign(MX);
    await expect(tokenVerifier(expected, failing, new TokenCache())(token)).rejects.toThrow(TypeError);
  });

  it("is unknown while the keys are", async () => {
    const failing: Keys = { ...known, find: () => Promise.resolve({ kind: "unknown" }) };
    expect(await tokenVerifier(expected, failing, new TokenCache())(await signer.sign(MX))).toEqual({
      kind: "unknown",
    });
  });
});

const now = 1_800_000_000;
const claims = (changed: Partial<Record<keyof TimedClaims, unknown>> = {}): TimedClaims => ({
  ...{ iss: issuer, aud: audience, iat: now, exp: now + 300, nbf: undefined },
  ...changed,
});

describe("a token's claims", () => {
  it.each([
    ["good ones", {}],
    ["several audiences", { aud: ["account", audience] }],
    ["expired a minute ago", { iat: now - 360, exp: now - 60 }],
    ["issued a minute ahead", { iat: now + 60, exp: now + 360 }],
    ["not before a minute from now", { nbf: now + 60 }],
    ["the longest life", { exp: now + 600 }],
  ])("are accepted: %s", (_case, changed) => {
    expect(accepted(claims(changed), expected, now)).toBe(true);
  });

  it.each([
    ["expired a second longer ago", { iat: now - 361, exp: now - 61 }],
    ["issued further ahead", { iat: now + 61, exp: now + 361 }],
    ["not before later", { nbf: now + 61 }],
    ["nbf as text", { nbf: "0" }],
    ["nbf null", { nbf: null }],
    ["a life a second too long", { exp: now + 601 }],
    ["no exp", { exp: undefined }],
    ["exp as text", { exp: `${now + 300}` }],
    ["exp without end", { exp: Infinity }],
    ["no iat", { iat: undefined }],
    ["iat before all time", { iat: -Infinity }],
    ["another issuer", { iss: `${issuer}/` }],
    ["issuers in a list", { iss: [issuer] }],
    ["another audience", { aud: "account" }],
    ["no audience", { aud: undefined }],
    ["audiences in a list in a list", { aud: [[audience]] }],
    ["an audience that holds ours", { aud: `${audience}-2` }],
  ])("are not accepted: %s", (_case, changed) => {
    expect(accepted(claims(changed), expected, now)).toBe(false);
  });
});

describe("the cache of verified tokens", () => {
  let lookups: string[] = [];
  let cache: TokenCache;
  beforeEach(() => {
    lookups = [];
    cache = new TokenCache({ maximum: 2, onLookup: (result) => lookups.push(result) });
  });

  it("verifies a token once, and checks its time each time", async () => {
    let clock = Math.floor(Date.now() / 1_000);
    let finds = 0;
    const counting: Keys = { ...known, find: (kid) => (finds++, known.find(kid)) };
    const verifier = tokenVerifier(expected, counting, cache, () => clock);
    const token = await signer.sign({ ...MX, sub: "s", other: "x".repeat(100) });
    for (let n = 0; n < 3; n++) expect(await verifier(token)).toMatchObject({ kind: "valid", claims: MX });
    expect([finds, lookups, cache.size]).toEqual([1, ["miss", "hit", "hit"], 1]);
    clock += 361;
    expect(await verifier(token)).toEqual(INVALID);
    expect(cache.size).toBe(0);
  });

  it("keeps neither a token's text nor what no decision looks at", async () => {
    const kept: unknown[] = [];
    cache.set = (_token, _keys, entry) => void kept.push(entry);
    await tokenVerifier(expected, known, cache)(await signer.sign({ ...MX, email: "person@example.org" }));
    expect(Object.keys(kept[0] as object).sort()).toEqual(
      ["aud", "azp", "exp", "groups", "iat", "iss", "nbf", "scope", "sub", "tenant_id"].sort(),
    );
  });

  it("holds so many and no more, no long ones and no refusals", async () => {
    const verifier = tokenVerifier(expected, known, cache);
    for (const sub of ["a", "b", "c"]) await verifier(await signer.sign({ ...MX, sub }));
    expect(cache.size).toBe(2);
    cache = new TokenCache();
    const long = await signer.sign({ ...MX, other: "x".repeat(LONGEST_KEPT_TOKEN) });
    expect(await tokenVerifier(expected, known, cache)(long)).toMatchObject({ kind: "valid" });
    expect(await tokenVerifier(expected, known, cache)(await stranger.sign(MX))).toEqual(INVALID);
    expect(cache.size).toBe(0);
  });

  it("is empty as soon as the keys are others", async () => {
    let keys = known;
    const following: Keys = {
      find: (kid) => keys.find(kid),
      get current() {
        return keys.current;
      },
    };
    const verifier = tokenVerifier(expected, following, cache);
    const token = await signer.sign(MX);
    await verifier(token);
    keys = fixedKeys(jwksText(ec));
    expect(await verifier(token)).toEqual({ kind: "unknown" });
    expect(cache.size).toBe(0);
  });

  it("does not keep what was verified by keys that changed meanwhile", async () => {
    let current: object = {};
    const changing: Keys = {
      find: (kid) => {
        current = {};
        return known.find(kid);
      },
      get current() {
        return current;
      },
    };
    expect(await tokenVerifier(expected, changing, cache)(await signer.sign(MX))).toMatchObject({
      kind: "valid",
    });
    expect(cache.size).toBe(0);
  });
});
