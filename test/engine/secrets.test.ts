import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { firstUp, TENANTS, type FirstUp } from "./first-up";
import { text, type Fields } from "./provider/table";
import { CONFIG_SECRET, PASSPHRASE, withStack, type EngineStack, type Run } from "./stack";

let first: FirstUp;
beforeAll(async () => {
  first = await firstUp();
}, 180_000);

/** Outputs that are secret by themselves, by type. All others that are secret contain one of them as it is. */
const GENERATED: Readonly<Record<string, readonly string[]>> = {
  "random:index/randomPassword:RandomPassword": ["result", "bcryptHash"],
  "tls:index/privateKey:PrivateKey": ["privateKeyPem", "privateKeyOpenssh", "privateKeyPemPkcs8"],
  "keycloak:openid/client:Client": ["clientSecret"],
};

/** Every secret value, decrypted, by what it is of. */
async function secretsOf({ stack }: EngineStack): Promise<ReadonlyMap<string, string>> {
  const { resources } = (await stack.exportStack()).deployment as { readonly resources: readonly Fields[] };
  const generated = resources.flatMap(({ type, urn, outputs }) =>
    (GENERATED[text(type)] ?? []).map((key) => {
      const { plaintext } = (outputs as Readonly<Record<string, { readonly plaintext: string }>>)[key] ?? {};
      if (plaintext === undefined) throw new Error(`${text(urn)}: ${key} is not secret`);
      return [`${text(urn)} ${key}`, essence(JSON.parse(plaintext) as string)] as const;
    }),
  );
  return new Map([...generated, ["configuration", CONFIG_SECRET.value], ["passphrase", PASSPHRASE]]);
}

/** Of a key in PEM, which is written with line breaks of several kinds, the first line. */
const essence = (value: string): string =>
  value.startsWith("-----") ? (value.split("\n")[1] ?? value) : value;

const filesBelow = (directory: string): readonly string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));

describe("no secret is in plain text", { timeout: 180_000 }, () => {
  let runs: readonly Run[];
  let secrets: ReadonlyMap<string, string>;
  let onDisk: readonly string[];

  beforeAll(async () => {
    await withStack(async (stack) => {
      runs = [first.run, await stack.up([...TENANTS, "co"])];
      expect(runs.map(({ problem }) => problem)).toEqual([undefined, undefined]);
      secrets = await secretsOf(stack);
      onDisk = filesBelow(join(stack.directory, "kept"));
    }, first);
  }, 180_000);

  const leaks = (where: string): readonly string[] =>
    [...secrets].filter(([, value]) => where.includes(value)).map(([name]) => name);

  it("and there are some", () => {
    // Services' passwords, keys and people's passwords, with their hashes; two private keys; six clients' secrets.
    expect(secrets.size).toBe(2 * (7 + 6 + 10) + 2 * 3 + 7 + 2);
    expect([...secrets].filter(([, value]) => value.length < 20)).toEqual([]);
  });

  it("in the state, its history and backups, or the configuration, as they are on disk", () => {
    expect(onDisk.length).toBeGreaterThan(3);
    expect(onDisk.flatMap(leaks)).toEqual([]);
  });

  it("in what the commands print, outputs included", () => {
    expect(runs[0]?.output).toContain("[secret]");
    expect(runs.flatMap(({ output }) => leaks(output))).toEqual([]);
  });

  it("in the engine's events, those for debugging included", () => {
    const events = runs.map((run) => JSON.stringify(run.events));
    expect(events.filter((all) => all.length < 10_000)).toEqual([]);
    expect(events.flatMap(leaks)).toEqual([]);
  });
});
