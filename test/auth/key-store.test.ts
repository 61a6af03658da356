import { generateKeyPairSync } from "node:crypto";
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseJwks, sameKeys } from "../../src/auth/jwks";
import { KeyStore, type FetchResult, type KeyStoreOptions } from "../../src/auth/key-store";
import { FakeKeycloak, jwksText, Signer } from "./world";

const [k1, k2] = [new Signer("k1"), new Signer("k2")];
const encryption = new Signer("e", "RS256", { use: "enc" });

describe("Keycloak's keys", () => {
  let keycloak: FakeKeycloak;
  let store: KeyStore | undefined;
  let results: FetchResult[] = [];
  beforeEach(async () => {
    keycloak = await FakeKeycloak.listen(jwksText(k1));
    results = [];
  });
  afterEach(async () => {
    store?.close();
    await keycloak[Symbol.asyncDispose]();
  });

  const made = (waits: KeyStoreOptions["waits"] = {}): KeyStore =>
    (store = new KeyStore({ url: keycloak.url, waits, onFetch: (result) => results.push(result) }));
  /** With the first keys. */
  async function started(waits: KeyStoreOptions["waits"] = {}): Promise<KeyStore> {
    const keys = made(waits);
    keys.start();
    await vi.waitFor(() => {
      expect(results[0]).toBe("replaced");
    });
    return keys;
  }
  const kind = async (keys: KeyStore, kid: string): Promise<string> => (await keys.find(kid)).kind;

  it("are fetched at the start, and requests wait for that a moment", async () => {
    const keys = made();
    expect([keys.current, keys.age, await kind(keys, "k1")]).toEqual([undefined, undefined, "unknown"]);
    keys.start();
    expect(await kind(keys, "k1")).toBe("key");
    expect(keys.age).toBeLessThan(5);
    expect(keycloak.requests).toBe(1);
  });

  it("are fetched again and again, and are the same object while they are the same", async () => {
    const keys = await started({ interval: 20 });
    const first = keys.current;
    await vi.waitFor(() => {
      expect(results.length).toBeGreaterThan(3);
    });
    expect([keys.current === first, results.slice(1, 3)]).toEqual([true, ["unchanged", "unchanged"]]);
    keycloak.text = jwksText(k2);
    await vi.waitFor(() => {
      expect(keys.current?.has("k2")).toBe(true);
    });
    expect(keys.current?.has("k1")).toBe(false);
  });

  it("are served for as long as Keycloak gives no others, and grow old meanwhile", async () => {
    const keys = await started({ interval: 10, retry: 10 });
    keycloak.respond = (response) => response.destroy();
    await vi.waitFor(() => {
      expect(results.filter((result) => result === "failed").length).toBeGreaterThan(5);
    });
    expect(await kind(keys, "k1")).toBe("key");
    expect(keys.age).toBeGreaterThan(0.05);
    keycloak.respond = (response) => response.end(jwksText(k1, k2));
    await vi.waitFor(async () => {
      expect(await kind(keys, "k2")).toBe("key");
    });
  });

  it("are asked for anew by an unknown kid, once for all who ask", async () => {
    const keys = await started();
    keycloak.text = jwksText(k1, k2);
    const kinds = await Promise.all(["k2", "k2", "k3", "../k2", "k1"].map((kid) => kind(keys, kid)));
    // Who joined a fetch that was under way knows what it brought, and not what Keycloak would say now.
    expect(kinds).toEqual(["key", "key", "unknown", "unknown", "key"]);
    expect(keycloak.requests).toBe(2);
  });

  it("that were asked for before a key was published do not say that it is none", async () => {
    const keys = await started({ interval: 200 });
    const under: ServerResponse[] = [];
    keycloak.respond = (response) => under.push(response);
    await vi.waitFor(() => {
      expect(under).toHaveLength(1);
    });
    // From now on Keycloak signs with k2; its answer that is on the way does not hold it.
    keycloak.respond = (response) => response.end(jwksText(k1, k2));
    const { requests } = keycloak;
    const found = kind(keys, "k2");
    under[0]?.end(jwksText(k1));
    expect([await found, keycloak.requests]).toEqual(["unknown", requests]);
    // Nor did that question cost the one that may be asked in a cooldown.
    expect(await kind(keys, "k2")).toBe("key");
  });

  it("are waited for by some, not by as many as there are", async () => {
    const keys = await started({ patience: 300 });
    keycloak.respond = () => undefined;
    const asked = Array.from({ length: 300 }, (_, n) => kind(keys, `x${n}`));
    const began = performance.now();
    expect(await asked[299]).toBe("unknown");
    expect(performance.now() - began).toBeLessThan(150);
    expect(new Set(await Promise.all(asked))).toEqual(new Set(["unknown"]));
    expect(performance.now() - began).toBeGreaterThan(250);
    // And their places are free again.
    keycloak.respond = (response) => response.end(jwksText(k1));
    const again = Array.from({ length: 200 }, () => kind(keys, "y"));
    expect(await Promise.race([...again, new Promise((done) => setTimeout(done, 100, "waits"))])).toBe(
      "waits",
    );
  });

  it("are asked for once in a cooldown, however many kids nobody knows", async () => {
    const keys = await started();
    const kinds = new Set<string>();
    expect(await kind(keys, "x")).toBe("absent");
    for (let n = 0; n < 200; n++) kinds.add(await kind(keys, `x${n}`));
    expect([...kinds]).toEqual(["unknown"]);
    expect(keycloak.requests).toBe(2);
    expect(await kind(keys, "k1")).toBe("key");
  });

  it("are asked for again after it", async () => {
    const keys = await started({ cooldown: 50 });
    expect([await kind(keys, "k2"), await kind(keys, "k2")]).toEqual(["absent", "unknown"]);
    keycloak.text = jwksText(k1, k2);
    await vi.waitFor(async () => {
      expect(await kind(keys, "k2")).toBe("key");
    });
    expect(keycloak.requests).toBe(3);
  });

  it("that cannot be fetched say nothing of a kid, and cool down as well", async () => {
    const keys = await started();
    keycloak.respond = (response) => response.writeHead(500).end(jwksText(k2));
    expect([await kind(keys, "k2"), await kind(keys, "k2")]).toEqual(["unknown", "unknown"]);
    expect([keycloak.requests, results]).toEqual([2, ["replaced", "failed"]]);
  });

  it("are not asked for by requests while there are none: the background does", async () => {
    keycloak.respond = (response) => response.destroy();
    const keys = made();
    keys.start();
    expect(await kind(keys, "k1")).toBe("unknown");
    for (let n = 0; n < 20; n++) expect(await kind(keys, "k1")).toBe("unknown");
    expect(keycloak.requests).toBe(1);
  });

  it("that do not come in time are not waited for, and then they are there", async () => {
    const keys = await started({ patience: 50, fetch: 400 });
    keycloak.respond = (response) => void setTimeout(() => response.end(jwksText(k2)), 150);
    const began = performance.now();
    expect(await kind(keys, "k2")).toBe("unknown");
    expect(performance.now() - began).toBeLessThan(140);
    await vi.waitFor(async () => {
      expect(await kind(keys, "k2")).toBe("key");
    });
  });

  it.each<[string, FetchResult, FakeKeycloak["respond"]]>([
    ["an error", "failed", (response) => response.writeHead(503).end(jwksText(k2))],
    ["another place", "failed", (response) => response.req.url === "/certs" ? response.writeHead(302, { location: "/good" }).end() : response.end(jwksText(k2))],
    ["nothing", "failed", () => undefined],
    ["half of it", "failed", (response) => response.write("{")],
    ["too much", "failed", (response) => response.end(`${jwksText(k2)}${" ".repeat(300_000)}`)],
    ["HTML", "refused", (response) => response.end("<html>")],
    ["another JSON", "refused", (response) => response.end("[]")],
    ["no keys", "refused", (response) => response.end('{"keys":[]}')],
    ["no key for signatures", "refused", (response) => response.end(jwksText(encryption))],
  ])("are kept when it gives %s", async (_case, result, respond) => {
    const keys = await started({ fetch: 500, cooldown: 0 });
    const before = keys.current;
    keycloak.respond = respond;
    expect(await kind(keys, "k2")).toBe("unknown");
    expect([results.at(-1), keys.current === before, await kind(keys, "k1")]).toEqual([result, true, "key"]);
  }); // prettier-ignore

  it("are fetched no more after the end", async () => {
    const keys = await started({ interval: 10 });
    keys.close();
    const { requests } = keycloak;
    await new Promise((done) => setTimeout(done, 100));
    // One may have been under way.
    expect(keycloak.requests).toBeLessThan(requests + 2);
  });

  it("are given up at the end, and nothing is said of it", async () => {
    keycloak.respond = () => undefined;
    const keys = made();
    keys.start();
    const found = kind(keys, "k1");
    await vi.waitFor(() => {
      expect(keycloak.requests).toBe(1);
    });
    keys.close();
    expect([await found, results]).toEqual(["unknown", []]);
  });
});

describe("a JWKS", () => {
  const ec384 = generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey.export({ format: "jwk" });
  const weak = generateKeyPairSync("rsa", { modulusLength: 1_024 }).publicKey.export({ format: "jwk" });
  const good = new Signer("good");
  const usable = (...jwks: readonly object[]): readonly string[] =>
    [...parseJwks(JSON.stringify({ keys: [good.jwk, ...jwks] }))].flatMap(([kid, key]) =>
      key === "unusable" ? [] : [kid],
    );

  it.each([
    ["for encryption", { ...k1.jwk, use: "enc" }],
    ["for nothing said", { ...k1.jwk, use: undefined }],
    ["without an algorithm", { ...k1.jwk, alg: undefined }],
    ["for an algorithm that we do not take", { ...k1.jwk, alg: "RS512" }],
    ["of another type than its algorithm", { ...k1.jwk, alg: "ES256" }],
    ["on another curve", { ...ec384, kid: "k1", alg: "ES256", use: "sig" }],
    ["that is short", { ...weak, kid: "k1", alg: "RS256", use: "sig" }],
    ["that is private", { ...k1.privateKey.export({ format: "jwk" }), kid: "k1", alg: "RS256", use: "sig" }],
    ["that is symmetric", { kty: "oct", k: "c2VjcmV0", kid: "k1", alg: "HS256", use: "sig" }],
    [
      "that is symmetric, as another algorithm's",
      { kty: "oct", k: "c2VjcmV0", kid: "k1", alg: "RS256", use: "sig" },
    ],
    ["that may not verify", { ...k1.jwk, key_ops: ["encrypt"] }],
    ["without its numbers", { kty: "RSA", kid: "k1", alg: "RS256", use: "sig" }],
    ["without a name", { ...k1.jwk, kid: undefined }],
  ])("does not give a key %s", (_case, jwk) => {
    expect(usable(jwk)).toEqual(["good"]);
    expect(() => parseJwks(JSON.stringify({ keys: [jwk] }))).toThrow("it holds no key for signatures");
  });

  it("gives a key that is published for encryption as well, and none of two of one name", () => {
    const enc = { ...k1.jwk, use: "enc", alg: "RSA-OAEP" };
    expect(usable(k1.jwk, enc)).toEqual(["good", "k1"]);
    expect(usable(enc, k1.jwk)).toEqual(["good", "k1"]);
    expect(usable(k1.jwk, { ...k2.jwk, kid: "k1" })).toEqual(["good"]);
  });

  it("is the same in another order, and not with another key, name or algorithm", () => {
    const of = (...jwks: readonly object[]) => parseJwks(JSON.stringify({ keys: jwks }));
    const one = of(k1.jwk, k2.jwk);
    expect(sameKeys(one, of(k2.jwk, k1.jwk))).toBe(true);
    for (const other of [
      of(k1.jwk),
      of(k1.jwk, { ...k2.jwk, kid: "k3" }),
      of(k1.jwk, { ...good.jwk, kid: "k2" }),
      of(k1.jwk, { ...k2.jwk, alg: "PS256" }),
      of(k1.jwk, { ...k2.jwk, use: "enc" }),
    ])
      expect([sameKeys(one, other), sameKeys(other, one)]).toEqual([false, false]);
  });
});
