import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { tokenFile, tokenFileShipper, type TokenFileOptions } from "../../src/onboard/token-file/files";
import { run, tempDir, waitUntil, type TempDir } from "../servers";
import { complaints } from "./kit-systemd";
import { contentOf, FakeIssuer, inSomeProcess, kitHost, placeKit, Script } from "./kit-host";

const SECRET = 'se"cr\\et $HOME `id` &=+%/é';
const CONFIDENTIAL = "in-confidence";
const refused = (status: number, error: string) => () => ({
  status,
  body: JSON.stringify({ error, hint: CONFIDENTIAL }),
});

describe("the token file", () => {
  let directory: TempDir;
  let issuer: FakeIssuer;
  let given = 0;
  const token = () => `eyJ.token-${given}.sig_`;
  const gives = (life: number) => () => {
    given++;
    return {
      status: 200,
      body: JSON.stringify({ refresh_expires_in: 0, access_token: token(), expires_in: life }),
    };
  };

  beforeEach(async () => {
    given = 0;
    directory = tempDir();
    issuer = await FakeIssuer.listen(gives(300));
  });
  afterEach(async () => {
    directory.remove();
    await issuer[Symbol.asyncDispose]();
  });

  const at = (name: string): string => join(directory.path, name);
  const file = (): string => at("token/token");
  const read = (): string => readFileSync(file(), "utf8");
  /** A failure keeps everybody who reads the file where he was. */
  const readOr = (): string => {
    try {
      return read();
    } catch {
      return "";
    }
  };

  function place(options: TokenFileOptions = {}): void {
    const reached = { endpoints: { otlpGrpc: "h:1", otlpHttp: "https://h:1" }, keycloakUrl: issuer.url };
    placeKit(directory.path, tokenFile(kitHost({}, reached), options));
    placeKit(directory.path, [
      { path: "secrets/client-secret", content: `${SECRET}\n`, mode: 0o600 },
      { path: "token/.keep", content: "", mode: 0o600 },
    ]);
  }
  const once = (...args: readonly string[]) => run("sh", [at("refresh-token.sh"), "--once", ...args]);
  const keeps = (...args: readonly string[]) => new Script(at("refresh-token.sh"), args);

  it("is written once, whole, for its owner alone, whatever the secret holds", async () => {
    place();
    expect(await once()).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(issuer.asked.map((form) => Object.fromEntries(form))).toEqual([
      { grant_type: "client_credentials", client_id: "agent-mx", client_secret: SECRET },
    ]);
    expect(read()).toBe(token());
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(readdirSync(at("token")).sort()).toEqual([".keep", "token"]);
  });

  it("is a whole header on request, for a group on request, and says when", async () => {
    place({ format: "header", readers: "shippers" });
    expect((await once("--health-file", at("when"))).code).toBe(0);
    expect(read()).toBe(`Authorization: Bearer ${token()}\n`);
    expect(statSync(file()).mode & 0o777).toBe(0o640);
    expect(Math.abs(Number(readFileSync(at("when"), "utf8")) - Date.now() / 1000)).toBeLessThan(60);
  });

  it.each([
    [
      "a wrong secret",
      refused(401, "unauthorized_client"),
      /gives agent-mx no token: 401 unauthorized_client/,
    ],
    ["a broken Keycloak", refused(500, "unknown_error"), /Keycloak answers 500 unknown_error/],
    [
      "what is no token",
      () => ({ status: 200, body: '{"access_token":"a b","expires_in":3}' }),
      /is no token/,
    ],
    ["a token without an end", () => ({ status: 200, body: '{"access_token":"ab"}' }), /is no token/],
  ])("stays what it was at %s, and nobody hears a secret", async (_what, answer, says) => {
    place();
    await once();
    const before = read();
    issuer.answer = answer;
    const { code, stdout, stderr } = await once();
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/se"cr|eyJ|in-confidence/);
    expect(read()).toBe(before);
    expect(readdirSync(at("token")).sort()).toEqual([".keep", "token"]);
  });

  it.each([
    ["settings", "atalaya.env", 2],
    ["a secret", "secrets/client-secret", 1],
    ["a directory for it", "token", 2],
  ])("says that %s is missing", async (_what, missing, code) => {
    place();
    rmSync(at(missing), { recursive: true });
    const answer = await once();
    expect(answer.code).toBe(code);
    expect(answer.stderr).toContain(at(missing));
    expect(issuer.asked).toEqual([]);
  });

  it("refuses an option that it does not know", async () => {
    place();
    expect(await once("--secret", "x")).toMatchObject({
      code: 2,
      stderr: "refresh-token: There is no option --secret.\n",
    });
  });

  it("is renewed before it ends, again and again, and whoever reads it has a whole one", async () => {
    place();
    issuer.answer = gives(3);
    await using script = keeps();
    const seen = new Set<string>();
    await waitUntil("four tokens", () => (seen.add(readOr()), given >= 4), { timeoutMs: 60_000, everyMs: 5 });
    expect([...seen].filter((text) => text !== "" && !/^eyJ\.token-\d+\.sig_$/.test(text))).toEqual([]);
    expect(script.output).toBe("");
    script.signal("SIGTERM");
    expect(await script.ended).toBe(0);
    expect(readdirSync(at("token")).sort()).toEqual([".keep", "token"]);
  }, 90_000);

  it("stays while no new one is given, goes when it has ended, and comes back by itself", async () => {
    place();
    issuer.answer = gives(4);
    await using script = keeps();
    await waitUntil("the first token", () => readOr() !== "", { timeoutMs: 30_000 });
    const first = read();
    issuer.answer = refused(503, "away");
    await waitUntil("two attempts", () => issuer.asked.length >= 3, { timeoutMs: 60_000 });
    const whileAway = readOr();
    expect([first, ""]).toContain(whileAway);
    await waitUntil("the ended token to go", () => readOr() === "", { timeoutMs: 60_000 });
    issuer.answer = gives(300);
    await waitUntil("a token again", () => readOr() === token(), { timeoutMs: 90_000 });
    expect(script.output).toMatch(
      /Keycloak answers 503 away(.|\n)*has ended and is removed(.|\n)*a token again/,
    );
    expect(script.output).not.toMatch(/se"cr|eyJ|in-confidence/);
  }, 180_000);

  it("is kept beyond its end where that was asked for", async () => {
    place();
    writeFileSync(at("atalaya.env"), `${readFileSync(at("atalaya.env"), "utf8")}ATALAYA_ENDED_TOKEN=keep\n`);
    issuer.answer = gives(1);
    await using script = keeps();
    await waitUntil("the first token", () => readOr() !== "", { timeoutMs: 30_000 });
    issuer.answer = refused(503, "away");
    await waitUntil("three attempts", () => issuer.asked.length >= 4, { timeoutMs: 60_000 });
    expect(readOr()).toMatch(/^eyJ/);
    expect(script.output).not.toContain("removed");
  }, 120_000);

  it("is asked for without the secret in anybody's arguments or variables, and a stop does not wait for Keycloak", async () => {
    place();
    issuer.answer = () => "hang";
    await using script = keeps();
    await waitUntil("the request", () => issuer.asked.length === 1, { timeoutMs: 30_000 });
    expect(inSomeProcess(issuer.url)).toBe(true);
    expect(inSomeProcess('se"cr')).toBe(false);
    script.signal("SIGTERM");
    expect(await script.ended).toBe(0);
    expect(readdirSync(at("token"))).toEqual([".keep"]);
  }, 60_000);

  it("is not there when a single attempt was stopped", async () => {
    place();
    issuer.answer = () => "hang";
    await using script = keeps("--once");
    await waitUntil("the request", () => issuer.asked.length === 1, { timeoutMs: 30_000 });
    script.signal("SIGTERM");
    expect(await script.ended).toBe(1);
  }, 60_000);
});

describe("the token file's directory", () => {
  const files = tokenFile(kitHost(), { readers: "shippers" });

  it("holds these, and no secret", () => {
    expect(files.map(({ path, mode }) => [path, mode.toString(8)])).toEqual([
      ["refresh-token.sh", "755"],
      ["atalaya.env", "644"],
      ["compose.yaml", "644"],
      ["systemd/atalaya-token-agent-mx.service", "644"],
      ["check.sh", "755"],
      ["ca.crt", "644"],
    ]);
    expect(tokenFileShipper.files(kitHost()).map(({ path }) => path)).not.toContain("ca.crt");
    expect(files.some(({ path }) => path === tokenFileShipper.main)).toBe(true);
  });

  it("says to a container and a unit where things are", async () => {
    const compose = parse(contentOf(files, "compose.yaml")) as {
      services: Record<string, Record<string, unknown>>;
    };
    expect(compose.services["atalaya-token-agent-mx"]).toMatchObject({
      entrypoint: ["/etc/atalaya/refresh-token.sh"],
      command: ["--token-file", "/run/atalaya/token"],
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      restart: "unless-stopped",
      ports: [],
    });
    expect(contentOf(files, "systemd/atalaya-token-agent-mx.service")).toContain(
      "ExecStart=/opt/atalaya/agent-mx/refresh-token.sh" +
        " --secret-file /run/credentials/atalaya-token-agent-mx.service/client-secret" +
        " --token-file /run/atalaya-token-agent-mx/token --health-file /run/atalaya-token-agent-mx/refreshed\n" +
        "LoadCredential=client-secret:/opt/atalaya/agent-mx/secrets/client-secret\n" +
        "RuntimeDirectory=atalaya-token-agent-mx\nRuntimeDirectoryMode=0750\n",
    );
    const name = "atalaya-token-agent-mx.service";
    expect(await complaints(name, contentOf(files, `systemd/${name}`))).toBe("");
  });
});
