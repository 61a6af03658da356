import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { deviceLogin } from "../../src/client/device-login";
import { pick } from "../../src/cli/pick";
import { token, type TokenOptions } from "../../src/cli/token";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fakeKeycloak, outputs, tenant } from "./environment";

const EXPIRES = 1_900_000_000;
const jwt = (claims: object): string =>
  ["{}", JSON.stringify({ exp: EXPIRES, ...claims }), "x"]
    .map((part) => Buffer.from(part).toString("base64url"))
    .join(".");

let directory: string;
let written: { stdout: string; stderr: string };
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "atalaya-token-"));
  written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      written[name] += String(text);
      return true;
    });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

const usual = { stack: "dev", person: false, header: false, json: false };
async function run(id: string, url: string, options: Partial<TokenOptions> = {}, change: object = {}) {
  const file = join(directory, "outputs.json");
  writeFileSync(file, JSON.stringify(outputs(url, change)));
  return token(id, { ...usual, outputs: file, ...options });
}

describe("token", () => {
  it("asks Keycloak with the client's own secret, and prints the token alone", async () => {
    await using keycloak = await fakeKeycloak(() => [200, { access_token: jwt({}) }]);
    expect(await run("mx", keycloak.url)).toBe(0);
    expect(written).toEqual({ stdout: `${jwt({})}\n`, stderr: "" });
    expect(Object.fromEntries(keycloak.forms[0] ?? [])).toEqual({
      grant_type: "client_credentials",
      client_id: "agent-mx",
      client_secret: "secret-agent-mx",
    });
  });

  it("takes the only agent, another client that is named, and does not choose among several", async () => {
    await using keycloak = await fakeKeycloak((form) => [
      200,
      { access_token: jwt({ azp: form.get("client_id") }) },
    ]);
    await run("pe", keycloak.url);
    await run("mx", keycloak.url, { client: "service-mx-shop", header: true });
    expect(keycloak.forms.map((form) => form.get("client_id"))).toEqual(["one", "service-mx-shop"]);
    expect(written.stdout).toContain(`\nAuthorization: Bearer ${jwt({ azp: "service-mx-shop" })}\n`);
    await expect(run("co", keycloak.url)).rejects.toThrow(
      "Tenant co has 2 agents. Say whose token: --client a | b",
    );
  });

  it("tells a person at a terminal whose it is and what to do with it", async () => {
    await using keycloak = await fakeKeycloak(() => [200, { access_token: jwt({}) }]);
    const terminal = vi
      .spyOn(process, "stdout", "get")
      .mockReturnValue({ ...process.stdout, isTTY: true, write: () => true } as never);
    await run("mx", keycloak.url);
    terminal.mockRestore();
    expect(written.stderr).toMatch(
      /^\ntenant {3}mx \(tenant-mx\)\nclient {3}agent-mx\nexpires {2}2030-03-17T17:46:40\.000Z, in [\d.]+ minutes\ntry it {3}curl -i --cacert /,
    );
    expect(written.stderr).toContain(
      `"Authorization: Bearer $(npx atalaya token mx --outputs ${directory}/outputs.json)"`,
    );
    expect(written.stderr).not.toContain(jwt({}));
  });

  it.each([
    ["a suspended tenant", "mx", 200, { access_token: "x" }, /^Tenant mx is suspended: Keycloak gives its agents no token/, { tenants: { mx: { ...tenant("mx", "agent-mx"), state: "suspended" } } }],
    ["a refusal", "mx", 401, { error: "unauthorized_client" }, /^Keycloak gives agent-mx no token: 401 unauthorized_client\. The secret in the outputs is not its own: /, {}],
    ["an agent that is suspended", "mx", 401, { error: "invalid_client" }, /401 invalid_client\. It is suspended, or is not in this environment\.$/, {}],
    ["any other refusal", "mx", 400, { error: "constructor" }, /^Keycloak gives agent-mx no token: 400 constructor$/, {}],
    ["something else that answers", "mx", 200, "<html>", /^What answers at http:\S+ is not Keycloak\.$/, {}],
  ])("says that of %s", async (_case, id, status, body, message, change) => {
    await using keycloak = await fakeKeycloak(() => [status, body]);
    await expect(run(id, keycloak.url, {}, change)).rejects.toThrow(message);
    expect(written.stdout).toBe("");
  }); // prettier-ignore

  it("says that Keycloak cannot be reached", async () => {
    await expect(run("mx", "http://127.0.0.1:1")).rejects.toThrow(
      /^Keycloak at http:\/\/127\.0\.0\.1:1 cannot be reached: .*\. Does the environment run\?$/,
    );
  });

  it("prints a person's token, and warns when it is not of the tenant", async () => {
    const person = jwt({ preferred_username: "ana", groups: ["/tenants/mx/viewer"] });
    await using keycloak = await fakeKeycloak((_form, path) =>
      path.endsWith("/device")
        ? [
            200,
            {
              device_code: "d",
              user_code: "AB-CD",
              verification_uri: "http://here",
              expires_in: 600,
              interval: 0.001,
            },
          ]
        : [200, { access_token: person }],
    );
    await run("mx", keycloak.url, { person: true });
    expect(written).toEqual({
      stdout: `${person}\n`,
      stderr:
        "Open http://here and type AB-CD\nWaiting for you to log in there; the code lives 10 minutes. Ctrl-C gives up.\n",
    });
    await run("pe", keycloak.url, { person: true });
    expect(written.stderr).toContain(
      "This person is in no group of tenant pe: the edge will refuse the token there.\n",
    );
  });
});

describe("a login by code", () => {
  const start = {
    device_code: "d",
    user_code: "AB-CD",
    verification_uri: "http://here",
    expires_in: 30,
    interval: 5,
  };
  /** What the token endpoint answers, one after the other, and how long was waited before each. */
  async function login(answers: readonly (readonly [number, object])[], device: object = start) {
    let asked = 0;
    const waits: number[] = [];
    await using keycloak = await fakeKeycloak((_form, path) =>
      path.endsWith("/auth/device") ? [200, device] : (answers[asked++] ?? answers.at(-1) ?? [500, {}]),
    );
    const wait = (milliseconds: number): Promise<void> => {
      waits.push(milliseconds / 1_000);
      return Promise.resolve();
    };
    const given = await deviceLogin(keycloak.url, { show: () => undefined, wait }).catch((error: unknown) =>
      String(error),
    );
    return { given, waits, forms: keycloak.forms.map((form) => Object.fromEntries(form)) };
  }
  const pending = [400, { error: "authorization_pending" }] as const;
  const slow = [400, { error: "slow_down" }] as const;
  const token = [200, { access_token: "t" }] as const;

  it("asks as often as it is told, and more slowly after slow_down", async () => {
    const { given, waits, forms } = await login([pending, slow, pending, token]);
    expect([given, waits]).toEqual(["t", [5, 5, 10, 10]]);
    expect(forms[0]).toEqual({ client_id: "atalaya-cli" });
    expect(forms[1]).toEqual({
      grant_type: "urn:ietf:params:oauth:grant-type:device_code",
      client_id: "atalaya-cli",
      device_code: "d",
    });
  });

  it.each([
    ["the person refuses", [[400, { error: "access_denied" }]], /The login was refused in the browser\.$/],
    ["the code expires", [pending, [400, { error: "expired_token" }]], /The code has expired/],
    ["nobody ever says", [pending], /The code has expired/],
    ["Keycloak refuses", [[400, { error: "invalid_grant" }]], /no token for the code: 400 invalid_grant$/],
  ] as const)("ends when %s", async (_case, answers, message) => {
    expect((await login(answers)).given).toMatch(message);
  });

  it("waits five seconds where no interval is given, and goes on when Keycloak is busy", async () => {
    const { interval, ...rest } = start;
    expect(await login([[503, {}], token], rest)).toMatchObject({ given: "t", waits: [interval, 10] });
  });

  it("says so when the client is not declared", async () => {
    expect((await login([token], { error: "invalid_client" })).given).toMatch(
      /starts no login by code: 200 invalid_client\. Is the client atalaya-cli declared/,
    );
  });
});

describe("a name that is not there", () => {
  it("lists only what can be read", () => {
    const many = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`t${index + 10}`, 1]));
    expect(() => pick("tenant", "stack dev", "zzz", many)).toThrow(
      /^There is no tenant zzz in stack dev\. There are the tenants t10, .*, t29 and 5 more\.$/,
    );
    expect(() => pick("tenant", "stack dev", "x", {})).toThrow(
      "There is no tenant x: stack dev has none at all.",
    );
    expect(() => pick("tenant", "stack dev", "constructor", { mx: 1 })).toThrow(
      "There is no tenant constructor",
    );
  });
});
