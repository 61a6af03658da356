import { connect } from "node:http2";
import { writeFileSync } from "node:fs";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { marked } from "../../../src/client/telemetry";
import type { Lab } from "../../../src/lab/lab";
import { ROUTES, type Route } from "../../../src/model/routes";
import { endpointsOf } from "../../../src/onboard/endpoints";
import { addressOf, type KitHost } from "../../../src/onboard/kit/host";
import { envoyYaml, sdsYaml } from "../../../src/onboard/local-envoy/envoy";
import type { EnvoyPlace } from "../../../src/onboard/local-envoy/setting";
import { FakeIssuer } from "../../onboard/kit-host";
import { loopback, run, server, start, waitUntil, type Running } from "../../servers";
import { sharedLab } from "../shared";
import { labHost, newMark, Placed, secretOf, storedFor } from "./handed";

const WRITES = ROUTES.filter(
  ({ verifier, right }) => verifier === "agentJwt" && "verb" in right && right.verb === "write",
);
const LOGS = WRITES.filter(({ id }) => ["otlp-http-logs", "otlp-grpc-logs", "loki-push"].includes(id));

/** What a program must not be able to choose. */
const FORGED = {
  authorization: "Bearer atl_somebody",
  "x-api-key": "atl_somebody",
  "x-scope-orgid": "tenant-pe",
  "x-service-token": "x",
};

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

/** One request over plain HTTP/2: gRPC's status where there is one. */
function ask(
  host: KitHost,
  route: Pick<Route, "path" | "listeners">,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<Answer> {
  const at = route.listeners[0] === "otlpGrpc" ? host.listen.grpc : host.listen.http;
  return new Promise((resolve, reject) => {
    const session = connect(`http://${at}`);
    session.on("error", reject);
    const stream = session.request({ ":method": "POST", ":path": route.path, ...headers });
    let all: Record<string, unknown> = {};
    const chunks: Buffer[] = [];
    const take = (part: object): void => {
      all = { ...all, ...part };
    };
    stream.setTimeout(60_000, () => {
      stream.destroy(new Error("no answer in time"));
    });
    stream.on("response", take).on("trailers", take).on("error", reject);
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      session.destroy();
      resolve({
        status: Number(all["grpc-status"] ?? all[":status"]),
        retryAfter: all["retry-after"] as string | undefined,
        body: Buffer.concat(chunks).toString(),
      });
    });
    stream.end(body);
  });
}

/** Sends an item by a route and says for whom it was stored. */
async function write(lab: Lab, host: KitHost, route: Route, headers: Readonly<Record<string, string>> = {}) {
  const mark = newMark();
  const { contentType, headers: own, body } = marked(route, mark);
  const answer = await ask(host, route, { "content-type": contentType, ...own, ...headers }, body);
  return { ...answer, stored: storedFor(lab, mark) };
}

const good = ({ status }: Pick<Answer, "status">): boolean => [0, 200, 204].includes(status);

describe("the local Envoy", () => {
  let lab: Lab;
  const open: (Disposable | AsyncDisposable)[] = [];
  beforeAll(async () => {
    lab = await sharedLab();
  }, 180_000);
  afterEach(async () => {
    for (const one of open.splice(0).reverse())
      if (Symbol.asyncDispose in one) await one[Symbol.asyncDispose]();
      else one[Symbol.dispose]();
    for (const backend of Object.values(lab.backends)) backend.answer = undefined;
    await lab.processes.keycloak.start();
  }, 120_000);

  const place = (placed: Placed): EnvoyPlace => ({
    ...{ bind: loopback, config: placed.directory, secrets: placed.at("secrets"), data: placed.directory },
    ...{ sds: placed.at("sds.yaml"), adminSocket: placed.at("admin.sock"), authority: placed.at("ca.crt") },
    systemAuthorities: "/etc/ssl/certs/ca-certificates.crt",
  });

  /** Its process as the kit starts it. Ready when it listens; a token comes later. */
  async function begin(
    host: KitHost,
    change: (config: string) => string = (config) => config,
  ): Promise<{ running: Running; placed: Placed }> {
    const placed = new Placed(lab, []);
    open.push(placed);
    writeFileSync(placed.at("ca.crt"), host.authority);
    writeFileSync(placed.at("envoy.yaml"), change(envoyYaml(host, place(placed))));
    writeFileSync(placed.at("sds.yaml"), sdsYaml(place(placed)));
    const running = await start(
      server("envoy").bin,
      ["-c", placed.at("envoy.yaml"), "--concurrency", "1", "--disable-hot-restart", "-l", "warning"],
      { ready: { port: addressOf(host.listen.http).port }, timeoutMs: 60_000 },
    );
    open.push(running);
    return { running, placed };
  }

  const hasToken = (host: KitHost): Promise<void> =>
    waitUntil(
      "tokens on both listeners",
      async () => (await Promise.all(LOGS.map((route) => write(lab, host, route)))).every(good),
      { timeoutMs: 60_000, everyMs: 500 },
    );

  it("is a configuration that Envoy takes without a word but that on its own extension", async () => {
    const host = await labHost(lab);
    const { placed } = await begin(host);
    const { code, stdout, stderr } = await run(server("envoy").bin, [
      "--mode",
      "validate",
      "-c",
      placed.at("envoy.yaml"),
    ]);
    const warnings = `${stdout}${stderr}`
      .split("\n")
      .filter((line) => /\[(warning|error|critical)\]/.test(line));
    expect([code, warnings.filter((line) => !/work-in-progress|client secret is empty/.test(line))]).toEqual([
      0,
      [],
    ]);
  }, 60_000);

  it("brings what comes by every way to write to its own tenant, whatever a program claims", async () => {
    const host = await labHost(lab);
    await begin(host);
    await hasToken(host);
    expect(WRITES).toHaveLength(8);
    for (const route of WRITES) {
      const answer = await write(lab, host, route, FORGED);
      expect([route.id, good(answer), answer.stored]).toEqual([route.id, true, ["tenant-mx"]]);
    }
  }, 120_000);

  it("takes HTTP/1 as well, and lets nothing else pass: no read, no other method, no admin", async () => {
    const host = await labHost(lab);
    const { placed } = await begin(host);
    await hasToken(host);
    lab.store.clear();
    const url = `http://${host.listen.http}`;
    const mark = newMark();
    const { contentType, body } = marked(LOGS.find(({ id }) => id === "otlp-http-logs") as Route, mark);
    const sent = await fetch(`${url}/v1/logs`, {
      method: "POST",
      headers: { "content-type": contentType },
      body: new Uint8Array(body),
    });
    expect([sent.status, storedFor(lab, mark)]).toEqual([200, ["tenant-mx"]]);
    const statuses = await Promise.all(
      [
        ["GET", "/v1/logs"],
        ["GET", "/loki/api/v1/labels"],
        ["POST", "/loki/api/v1/query"],
        ["GET", "/api/whoami"],
        ["POST", "/api/token"],
        ["GET", "/ready"],
        ["GET", "/stats"],
        ["POST", "/v1/logs/"],
      ].map(async ([method = "", path = ""]) => (await fetch(`${url}${path}`, { method })).status),
    );
    expect(statuses).toEqual(statuses.map(() => 404));
    expect(lab.store.received().map(({ path }) => path)).toEqual(["/otlp/v1/logs"]);
    const socket = ["-s", "--unix-socket", placed.at("admin.sock"), "-o", "/dev/null", "-w", "%{http_code}"];
    const admin = async (path: string, method = "GET") =>
      (await run("curl", [...socket, "-X", method, `http://envoy${path}`])).stdout;
    expect([
      await admin("/ready"),
      await admin("/quitquitquit", "POST"),
      await admin("/config_dump"),
    ]).toEqual(["200", "403", "403"]);
  }, 120_000);

  it("says 'not now' while there is no token yet, and goes on by itself when Keycloak is there", async () => {
    await lab.processes.keycloak.stop();
    const host = await labHost(lab);
    await begin(host);
    for (const route of LOGS) {
      const answer = await write(lab, host, route);
      expect(answer).toMatchObject({
        status: route.id.includes("grpc") ? 14 : 503,
        retryAfter: "5",
        stored: [],
      });
      if (!route.id.includes("grpc"))
        expect(JSON.parse(answer.body)).toMatchObject({ code: "token_unavailable" });
    }
    await lab.processes.keycloak.start();
    await hasToken(host);
  }, 240_000);

  it("goes on with the token it has while Keycloak is away", async () => {
    const host = await labHost(lab);
    await begin(host);
    await hasToken(host);
    await lab.processes.keycloak.stop();
    for (const route of LOGS) expect((await write(lab, host, route)).stored).toEqual(["tenant-mx"]);
  }, 240_000);

  /** Keycloak's tokens, said to end soon: what the clock would take minutes for. */
  async function hasty(life: number): Promise<{ host: KitHost; issuer: FakeIssuer }> {
    const token = await lab.token("agent-mx");
    const issuer = await FakeIssuer.listen(() => ({
      status: 200,
      body: JSON.stringify({ access_token: token, token_type: "Bearer", expires_in: life }),
    }));
    open.push(issuer);
    const { otlpHttp, otlpGrpc } = lab.urls;
    const endpoints = endpointsOf({ endpoints: { otlpHttp, otlpGrpc }, keycloakUrl: issuer.url });
    return { host: await labHost(lab, { endpoints }), issuer };
  }

  it("renews its token while it runs, and nobody notices; when it cannot, nobody is told that his data is refused", async () => {
    const { host, issuer } = await hasty(4);
    await begin(host);
    await hasToken(host);
    const before = issuer.asked.length;
    let sent = 0;
    await waitUntil(
      "six more tokens",
      async () => {
        for (const route of LOGS) expect(good(await write(lab, host, route))).toBe(true);
        sent += LOGS.length;
        return issuer.asked.length >= before + 6;
      },
      { timeoutMs: 60_000, everyMs: 200 },
    );
    expect(sent).toBeGreaterThan(6);
    expect(issuer.asked[0]?.get("client_secret")).toBe(secretOf(lab));
    issuer.answer = () => ({ status: 503, body: "{}" });
    const statuses = new Set<number>();
    await waitUntil(
      "the token to end",
      async () => {
        const answers = await Promise.all(LOGS.map((route) => write(lab, host, route)));
        for (const { status } of answers) statuses.add(status);
        return answers.every((answer) => !good(answer));
      },
      { timeoutMs: 60_000, everyMs: 500 },
    );
    expect([...statuses].filter((status) => !good({ status })).sort((a, b) => a - b)).toEqual([14, 503]);
  }, 240_000);

  it("turns the edge's 401 into 'not now', and leaves what is for good", async () => {
    const { host, issuer } = await hasty(300);
    issuer.answer = () => ({
      status: 200,
      body: '{"access_token":"a.b.c","token_type":"Bearer","expires_in":300}',
    });
    await begin(host);
    await waitUntil("the tokens", () => issuer.asked.length >= 2, { timeoutMs: 60_000 });
    for (const route of LOGS) {
      await waitUntil(
        "the edge's word",
        async () => !(await write(lab, host, route)).body.includes("token_unavailable"),
      );
      const answer = await write(lab, host, route);
      expect(answer).toMatchObject({ status: route.id.includes("grpc") ? 14 : 503, stored: [] });
      if (!route.id.includes("grpc"))
        expect(answer).toMatchObject({
          retryAfter: "5",
          body: expect.stringContaining("token_invalid") as string,
        });
    }
  }, 120_000);

  it("tries again what the edge cannot take now, a few times; a refusal it passes on", async () => {
    const host = await labHost(lab);
    await begin(host);
    await hasToken(host);
    const push = LOGS.find(({ id }) => id === "loki-push") as Route;
    let asked = 0;
    lab.backends.loki.answer = () => (++asked < 3 ? { status: 503 } : undefined);
    expect(await write(lab, host, push)).toMatchObject({ status: 204, stored: ["tenant-mx"] });
    expect(asked).toBe(3);
    for (const [status, times] of [
      [503, 3],
      [429, 1],
      [400, 1],
    ] as const) {
      asked = 0;
      lab.backends.loki.answer = () => ({ status: asked++ < 99 ? status : 200 });
      expect((await write(lab, host, push)).status).toBe(status);
      expect(asked).toBe(times);
    }
  }, 120_000);

  it.each([
    ["by another authority", "CERTIFICATE_VERIFY_FAILED"],
    ["for another name", "SAN_matcher"],
  ])(
    "sends nothing to who has a certificate %s",
    async (what, says) => {
      const mine = await labHost(lab);
      const named = what === "for another name";
      const host = named ? mine : { ...mine, authority: await anotherAuthority() };
      // The one that is expected: here every name means this machine.
      const { running } = await begin(host, (config) =>
        named ? config.replaceAll("exact: localhost", "exact: elsewhere.example") : config,
      );
      const refusals = (): number =>
        running
          .output()
          .split("\n")
          .filter((line) => line.includes(says)).length;
      await waitUntil(
        "both listeners to refuse",
        async () => {
          for (const route of LOGS)
            expect(await write(lab, host, route)).toMatchObject({
              ...{ status: route.id.includes("grpc") ? 14 : 503, retryAfter: "5", stored: [] },
            });
          return refusals() >= LOGS.length;
        },
        { timeoutMs: 60_000, everyMs: 500 },
      );
    },
    120_000,
  );

  async function anotherAuthority(): Promise<string> {
    const { stdout } = await run("openssl", [
      ...[
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=other",
        "-keyout",
        "/dev/null",
      ],
    ]);
    return stdout;
  }
});
