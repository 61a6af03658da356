import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../../src/lab/lab";
import { authorities, checkScript, settings } from "../../../src/onboard/kit/scripts";
import { AUTHORITY } from "../../onboard/kit-host";
import { freePort, run, type Finished } from "../../servers";
import { sharedLab } from "../shared";
import { labHost, Placed, storedFor } from "./handed";

/** Another authority's certificate: a whole one, which signed nothing here. */
const OTHERS = /-----BEGIN/;

describe("check.sh on a host", () => {
  let lab: Lab;
  let placed: Placed;
  beforeAll(async () => {
    lab = await sharedLab();
  }, 180_000);
  afterEach(() => {
    lab.backends.loki.answer = undefined;
    (placed as Placed | undefined)?.[Symbol.dispose]();
  });

  /** The kit's own files, with these settings in place of its own. */
  async function place(changed: Readonly<Record<string, string>> = {}, secret?: string): Promise<void> {
    const host = await labHost(lab);
    placed = new Placed(lab, [checkScript(), settings(host), ...authorities(host)], secret);
    const text = readFileSync(placed.at("atalaya.env"), "utf8");
    const more = Object.entries(changed).map(([name, value]) => `${name}='${value}'\n`);
    writeFileSync(placed.at("atalaya.env"), text + more.join(""));
  }
  const check = (env: Readonly<Record<string, string>> = {}): Promise<Finished> =>
    run("sh", [placed.at("check.sh")], { env, timeoutMs: 90_000 });
  const oks = ({ stdout }: Finished): number =>
    stdout.split("\n").filter((line) => line.startsWith("ok ")).length;
  const wrong = ({ stdout }: Finished): string =>
    stdout.split("\n").find((line) => line.startsWith("WRONG ")) ?? "nothing is wrong";

  it("says that all is well, and writes one line for its tenant", async () => {
    await place();
    lab.store.clear();
    const answer = await check();
    expect(answer).toMatchObject({ code: 0, stderr: "" });
    expect(oks(answer)).toBe(5);
    expect(wrong(answer)).toBe("nothing is wrong");
    expect(storedFor(lab, "atalaya-check of agent-mx")).toEqual(["tenant-mx"]);
  }, 120_000);

  const port = async (): Promise<number> => freePort();
  const faults: readonly (readonly [string, () => Promise<Record<string, string>>, number, RegExp])[] = [
    [
      "a name that nobody knows",
      async () => Promise.resolve({ ATALAYA_EDGE: "https://nowhere.invalid:4318" }),
      0,
      /^WRONG DNS: this host finds no address for nowhere\.invalid:4318 \(the edge\)\.$/,
    ],
    [
      "a port where nobody listens",
      async () => ({ ATALAYA_EDGE: `https://localhost:${await port()}` }),
      0,
      /^WRONG TCP: nobody answers at localhost:\d+ \(the edge\)\.$/,
    ],
    [
      "a port that speaks no TLS",
      async () => Promise.resolve({ ATALAYA_EDGE: lab.urls.keycloak.replace("http:", "https:") }),
      0,
      /^WRONG TLS: localhost:\d+ does not speak TLS as it should \(the edge\)\.$/,
    ],
    [
      "the system's authorities in place of the environment's",
      async () => Promise.resolve({ ATALAYA_CA_FILE: "" }),
      0,
      /^WRONG TLS: the certificate of localhost:\d+ \(the edge\) is not by an authority that this host's system trusts\.$/,
    ],
    [
      "an authority's file that is none",
      async () => Promise.resolve({ ATALAYA_CA_FILE: "check.sh" }),
      0,
      /^WRONG TLS: the authority's file cannot be read: .*\/check\.sh$/,
    ],
    [
      "Keycloak where nobody listens",
      async () => ({ ATALAYA_ISSUER: `http://localhost:${await port()}/realms/observability` }),
      2,
      /^WRONG TCP: nobody answers at localhost:\d+ \(Keycloak\)\.$/,
    ],
    [
      "another realm",
      async () => Promise.resolve({ ATALAYA_ISSUER: `${lab.urls.keycloak}/realms/nobodys` }),
      2,
      /^WRONG Keycloak at .*\/realms\/nobodys answers 404\.$/,
    ],
    [
      "Keycloak under another name than the edge expects",
      async () =>
        Promise.resolve({
          ATALAYA_ISSUER: `${lab.urls.keycloak.replace("localhost", "127.0.0.1")}/realms/observability`,
        }),
      2,
      /^WRONG Keycloak calls itself http:\/\/localhost:\d+\/realms\/observability, and the edge expects http:\/\/127\.0\.0\.1:\d+\/realms\/observability\.$/,
    ],
    [
      "a client that is none",
      async () => Promise.resolve({ ATALAYA_CLIENT_ID: "agent-xx" }),
      3,
      /^WRONG Keycloak gives agent-xx no token: 401 invalid_client\.$/,
    ],
    [
      "a secret that is not there",
      async () => Promise.resolve({ ATALAYA_SECRET_FILE: "secrets/none" }),
      3,
      /^WRONG The client's secret is missing: .*\/secrets\/none$/,
    ],
    [
      "a path where nothing takes telemetry",
      async () => Promise.resolve({ ATALAYA_EDGE: `${lab.urls.otlpHttp}/elsewhere` }),
      4,
      /^WRONG There is nothing to write to at .*\/elsewhere\/v1\/logs: 404\.$/,
    ],
  ];

  it.each(faults)(
    "tells %s",
    async (_what, changed, before, says) => {
      await place(await changed());
      const answer = await check();
      expect(wrong(answer)).toMatch(says);
      expect([answer.code, oks(answer), answer.stderr]).toEqual([1, before, ""]);
    },
    120_000,
  );

  it("tells a certificate for another name", async () => {
    const names = lab.urls.otlpHttp.replace("localhost", "elsewhere.localhost");
    await place({ ATALAYA_EDGE: names });
    // *.localhost is this machine to curl, and in no certificate.
    expect(wrong(await check())).toMatch(
      /^WRONG TLS: the certificate of .* \(the edge\) is for another name\.$/,
    );
  }, 120_000);

  it("tells another environment's authority", async () => {
    await place();
    const other = await run("openssl", [
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=other"],
      ...["-keyout", placed.at("other.key"), "-out", placed.at("ca.crt")],
    ]);
    expect([other.code, OTHERS.test(readFileSync(placed.at("ca.crt"), "utf8"))]).toEqual([0, true]);
    expect(wrong(await check())).toMatch(/is not by the authority in \/.*\/ca\.crt\.$/);
    writeFileSync(placed.at("ca.crt"), AUTHORITY);
    expect(wrong(await check())).toMatch(/^WRONG TLS/);
  }, 120_000);

  /** A host whose clock goes wrong, as far as it is asked. */
  const clock = (by: string): Readonly<Record<string, string>> => {
    writeFileSync(
      placed.at("date"),
      `#!/bin/sh\nexec /bin/date -d "$(/bin/date -u '+%Y-%m-%d %H:%M:%S') UTC ${by}" "$@"\n`,
    );
    chmodSync(placed.at("date"), 0o755);
    return { PATH: [placed.directory, process.env["PATH"] ?? ""].join(delimiter) };
  };

  it.each([
    ["45 seconds", /^WRONG Clock: this host is 4\d seconds ahead of the edge\.$/],
    ["-300 seconds", /^WRONG Clock: this host is (29|30)\d seconds behind the edge\.$/],
    ["400 days", /^WRONG Clock: this host is 345\d{5} seconds ahead of the edge\.$/],
  ])("tells a clock that is off by %s", async (by, says) => {
    await place();
    const answer = await check(clock(by));
    expect(wrong(answer)).toMatch(says);
    expect([answer.code, oks(answer)]).toEqual([1, 1]);
  });

  it("lets a clock be that is off by seconds", async () => {
    await place();
    const answer = await check(clock("12 seconds"));
    expect([answer.code, wrong(answer)]).toEqual([0, "nothing is wrong"]);
  }, 120_000);

  it("tells a wrong secret, an empty one, and one that Envoy would misread", async () => {
    await place({}, "nobody's");
    expect(wrong(await check())).toMatch(/no token: 401 unauthorized_client\.$/);
    writeFileSync(placed.at("secrets/client-secret"), "");
    expect(wrong(await check())).toMatch(/^WRONG The client's secret is empty/);
    rmSync(placed.directory, { recursive: true });
    await place({ ATALAYA_SECRET_EXACT: "yes" }, "with an end\n");
    expect(wrong(await check())).toMatch(/^WRONG The client's secret ends with a line's end/);
  }, 120_000);

  it.each([
    [503, /^WRONG The edge cannot take it now: 503 backend_failed\.$/],
    [429, /^WRONG The tenant sends more than it may: 429 backend_refused\.$/],
  ])(
    "tells what the edge says: %i",
    async (status, says) => {
      await place();
      lab.backends.loki.answer = () => ({ status });
      const answer = await check();
      expect(wrong(answer)).toMatch(says);
      expect([answer.code, oks(answer)]).toEqual([1, 4]);
    },
    120_000,
  );

  it("tells an agent that is suspended", async () => {
    await place();
    const { tenants } = lab;
    await lab.applyTenants(
      tenants.map((tenant) => (tenant.id === "mx" ? { ...tenant, state: "suspended" } : tenant)),
    );
    try {
      expect(wrong(await check())).toMatch(
        /^WRONG (Keycloak gives agent-mx no token|The edge lets agent-mx write)/,
      );
    } finally {
      await lab.applyTenants(tenants);
    }
  }, 180_000);
});
