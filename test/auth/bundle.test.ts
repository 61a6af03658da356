import { spawn, type ChildProcess } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { prepareAuthImage } from "../../src/stack/auth-image";
import { audience, directoryText, FakeKeycloak, issuer, jwksText, keysText, pepper, PERSON, signer } from "./world"; // prettier-ignore

const ROOT = join(__dirname, "..", "..");
const node = join(ROOT, "node_modules", "node", "bin", "node");

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** The one file of the image, run as the image runs it, in a directory that holds nothing else. */
describe("the bundle", () => {
  let directory = "";
  let running: ChildProcess | undefined;
  let output = "";
  let ended: Promise<readonly [number | null, NodeJS.Signals | null]>;
  let keycloak: FakeKeycloak;
  let environment: Record<string, string> = {};
  let url = "";

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "atalaya-"));
    for (const name of ["app", "live"]) mkdirSync(join(directory, name));
    copyFileSync(join(prepareAuthImage(ROOT).context, "main.cjs"), join(directory, "app", "main.cjs"));
    const live = (name: string, text: string): string => {
      writeFileSync(join(directory, "live", name), text);
      return join(directory, "live", name);
    };
    keycloak = await FakeKeycloak.listen(jwksText(signer));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    environment = {
      ...{ ATALAYA_LISTEN_HOST: "127.0.0.1", ATALAYA_LISTEN_PORT: `${port}`, ATALAYA_ISSUER: issuer },
      ...{ ATALAYA_JWKS_URL: keycloak.url.href, ATALAYA_AUDIENCE: audience },
      ATALAYA_TOKEN_URL: keycloak.url.href,
      ATALAYA_DIRECTORY_FILE: live("tenants.json", directoryText),
      ATALAYA_KEYS_FILE: live("keys.json", keysText),
      ATALAYA_PEPPER_FILE: live("pepper", pepper),
    };
  });
  afterEach(async () => {
    running?.kill("SIGKILL");
    await keycloak[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });

  function run(env: Record<string, string>): void {
    const args = ["--enable-source-maps", "main.cjs"];
    const child = spawn(node, args, { cwd: join(directory, "app"), env: { NODE_ENV: "production", ...env } });
    output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    ended = new Promise((resolve) => {
      child.on("close", (code, signal) => {
        resolve([code, signal]);
      });
    });
    running = child;
  }
  const listens = () =>
    vi.waitFor(
      () => {
        expect(output).toContain("listening on");
      },
      { timeout: 10_000 },
    );
  const lines = (): readonly Record<string, unknown>[] =>
    output.trimEnd().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>); // prettier-ignore

  it("decides, measures and logs, and ends with all that it had to say", async () => {
    run(environment);
    await listens();
    expect(readdirSync(join(directory, "app"))).toEqual(["main.cjs"]);
    const token = await signer.sign({ azp: "atalaya-cli", sub: PERSON, groups: ["/tenants/mx/viewer"] });
    for (let n = 0; n < 50; n++) {
      const headers = { authorization: `Bearer ${token}` };
      expect((await fetch(`${url}/authz/loki/api/v1/query`, { headers })).headers.get("x-scope-orgid")).toBe(
        "tenant-mx",
      );
      expect((await fetch(`${url}/authz/loki/api/v1/query`)).status).toBe(401);
    }
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('atalaya_auth_token_cache_lookups_total{result="hit"} 49');
    expect(metrics).toMatch(/^atalaya_auth_process_cpu_seconds_total \d/m);
    running?.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    expect(lines().filter(({ code }) => code === "credential_missing")).toHaveLength(50);
    expect(lines().at(-1)).toMatchObject({ audit: "repeats", user: PERSON, repeats: 49 });
  }, 20_000);

  it("ends at once at the second signal", async () => {
    run(environment);
    await listens();
    keycloak.respond = () => undefined;
    const authorization = `Bearer ${await signer.sign({}, { kid: "unknown" })}`;
    const slow = fetch(`${url}/authz/loki/api/v1/query`, { headers: { authorization } }).catch(() => "cut");
    await new Promise((done) => setTimeout(done, 200));
    running?.kill("SIGTERM");
    await vi.waitFor(() => {
      expect(output).toContain("finishing what is in flight");
    });
    const began = performance.now();
    running?.kill("SIGTERM");
    expect(await ended).toEqual([1, null]);
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(await slow).toBe("cut");
    expect(lines().at(-1)?.["message"]).toBe("ended by a second SIGTERM");
  }, 20_000);

  it("says what is wrong at its start, a line each, and ends", async () => {
    run({});
    expect(await ended).toEqual([1, null]);
    expect(lines().map(({ message }) => message)).toContain("  ATALAYA_KEYS_FILE: is not set");
    writeFileSync(join(directory, "live", "keys.json"), "{");
    run({ ...environment, ATALAYA_PEPPER_FILE: join(directory, "none", "pepper") });
    expect(await ended).toEqual([1, null]);
    expect(
      lines().map(({ level, message }) => `${String(level)}: ${String(message).replace(directory, "")}`),
    ).toEqual([
      "fatal: /live/keys.json is refused: it is not JSON",
      "fatal: cannot follow /none/pepper: its directory is not readable (ENOENT)",
      "fatal: the auth service does not start",
    ]);
  }, 20_000);
});
