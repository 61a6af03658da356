import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { TOKENS } from "../../../src/auth/api/limits";
import { keycloakIssuer } from "../../../src/auth/api/token-issuer";
import { PERSON, signer } from "../world";
import { ApiWorld } from "./world";

const form = { "content-type": "application/x-www-form-urlencoded" };
const CLIENT = { grant_type: "client_credentials", client_id: "service-mx-shop", client_secret: "s+ t" };
const text = (fields: Readonly<Record<string, string>>) => new URLSearchParams(fields).toString();
const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString("base64")}`,
});

describe("a token", () => {
  const issued = async () => {
    const access_token = await signer.sign({ azp: "service-mx-shop", tenant_id: "tenant-mx" });
    return { kind: "issued", token: { access_token, token_type: "Bearer", expires_in: 300 } } as const;
  };

  it("is issued to a client, in a form or by basic authentication", async () => {
    await using world = await ApiWorld.listen();
    const answer = await issued();
    world.issue = () => answer;
    const { grant_type, client_id, client_secret } = CLIENT;
    const given = [
      { headers: form, text: text(CLIENT) },
      { headers: { ...form, ...basic(client_id, client_secret) }, text: text({ grant_type }) },
    ];
    for (const sent of given) {
      const { status, body, headers } = await world.send("POST", "/api/token", sent);
      expect([status, body, headers["cache-control"]]).toEqual([200, answer.token, "no-store"]);
    }
    const grant = { kind: "client_credentials", clientId: client_id, clientSecret: client_secret };
    expect(world.grants).toEqual([grant, grant]);
    expect(world.events.map(({ action, tenant, user, outcome }) => [action, tenant, user, outcome])).toEqual(
      Array(2).fill(["issue_token", "tenant-mx", "service-mx-shop", "success"]),
    );
    expect(JSON.stringify(world.events)).not.toMatch(/s\+ t|eyJ/);
  });

  it("is not issued for a wrong secret, nor while Keycloak is away", async () => {
    await using world = await ApiWorld.listen();
    const sent = { headers: form, text: text(CLIENT) };
    const refused = await world.send("POST", "/api/token", sent);
    expect([refused.status, refused.body["code"], refused.body["error"]]).toEqual([401, "invalid_client", "invalid_client"]); // prettier-ignore
    world.issue = () => ({ kind: "unavailable" });
    const away = await world.send("POST", "/api/token", sent);
    expect([away.status, away.body["code"], away.headers["retry-after"]]).toEqual([503, "tokens_unavailable", "5"]); // prettier-ignore
    expect(world.events.map(({ tenant, user, outcome }) => [tenant, user, outcome])).toEqual([
      [undefined, undefined, "denied"],
      [undefined, undefined, "failed"],
    ]);
  });

  it("is not handed out when nobody could tell whose it is, and is on record also of a person of several tenants", async () => {
    await using world = await ApiWorld.listen({ passwordGrant: true });
    const granted = await issued();
    world.issue = () => granted;
    const sent = { headers: form, text: text(CLIENT) };
    const { directory } = world.known;
    world.known.directory = undefined;
    const unknown = await world.send("POST", "/api/token", sent);
    expect([unknown.status, unknown.body["code"], unknown.text.includes("eyJ")]).toEqual([503, "directory_unavailable", false]);
    expect(world.events).toEqual([]);
    world.known.directory = directory;
    const access_token = await signer.sign({ azp: "atalaya-cli", sub: PERSON, groups: ["/operators"] });
    world.issue = () => ({ ...granted, token: { ...granted.token, access_token } });
    expect((await world.send("POST", "/api/token", sent)).status).toBe(200);
    expect(world.events.map(({ tenant, user, outcome }) => [tenant, user, outcome])).toEqual([[undefined, PERSON, "success"]]);
  }); // prettier-ignore

  it("is issued to one client 20 times at once, whoever else asks, and wrong secrets take nothing of that", async () => {
    await using world = await ApiWorld.listen();
    const sent = { headers: form, text: text(CLIENT) };
    for (let n = 0; n < 30; n++) expect((await world.send("POST", "/api/token", sent)).status).toBe(401);
    const granted = await issued();
    world.issue = () => granted;
    const answers: number[] = [];
    while (answers.at(-1) !== 429 && answers.length < 60) answers.push((await world.send("POST", "/api/token", sent)).status);
    expect(answers.filter((status) => status === 200).length).toBeGreaterThanOrEqual(TOKENS.burst);
    expect(answers.at(-1)).toBe(429);
    expect(world.events.filter(({ outcome }) => outcome === "success")).toHaveLength(answers.length - 1);
    const access_token = await signer.sign({ azp: "service-pe-shop", tenant_id: "tenant-pe" });
    world.issue = () => ({ ...granted, token: { ...granted.token, access_token } });
    expect((await world.send("POST", "/api/token", sent)).status).toBe(200);
    world.full = true;
    expect((await world.send("POST", "/api/token", sent)).body["code"]).toBe("storage_full");
  }); // prettier-ignore

  it("is for a password only where a setting says so", async () => {
    const asked = { grant_type: "password", client_id: "atalaya-cli", username: "ana", password: "secret" };
    const sent = { headers: form, text: text(asked) };
    await using closed = await ApiWorld.listen();
    const answer = await closed.send("POST", "/api/token", sent);
    expect([answer.status, answer.body["code"]]).toEqual([400, "unsupported_grant_type"]);
    expect(closed.grants).toEqual([]);
    await using open = await ApiWorld.listen({ passwordGrant: true });
    const granted = await issued();
    open.issue = () => granted;
    expect((await open.send("POST", "/api/token", sent)).status).toBe(200);
    expect(open.grants).toEqual([{ kind: "password", clientId: "atalaya-cli", username: "ana", password: "secret" }]); // prettier-ignore
    for (const left of ["username", "password", "client_id"]) {
      const rest = Object.fromEntries(Object.entries(asked).filter(([name]) => name !== left));
      const { body } = await open.send("POST", "/api/token", { headers: form, text: text(rest) });
      expect(body["errors"]).toEqual([{ in: "body", field: left, message: "It is missing." }]);
    }
  });

  it.each([
    ["an unknown grant", form, text({ ...CLIENT, grant_type: "refresh_token" }), 400, "unsupported_grant_type"],
    ["no grant", form, text({ client_id: "a", client_secret: "b" }), 400, "invalid_request"],
    ["an unknown field", form, text({ ...CLIENT, scope: "all" }), 400, "invalid_request"],
    ["a field twice", form, `${text(CLIENT)}&client_id=b`, 400, "invalid_request"],
    ["no secret", form, text({ grant_type: "client_credentials", client_id: "a" }), 400, "invalid_request"],
    ["the client in both places", { ...form, ...basic("a", "b") }, text(CLIENT), 400, "invalid_request"],
    ["a token beside it", { ...form, authorization: "Bearer a.b.c" }, text(CLIENT), 400, "invalid_request"],
    ["what is not encoded", { ...form, authorization: `Basic ${Buffer.from("a:%zz").toString("base64")}` }, "grant_type=client_credentials", 400, "invalid_request"],
    ["JSON", { "content-type": "application/json" }, JSON.stringify(CLIENT), 415, "unsupported_media_type"],
    ["a large body", form, "x".repeat(20_000), 413, "body_too_large"],
    ["nothing", form, "", 400, "invalid_request"],
  ])("is not issued for %s", async (_case, headers, body, status, code) => {
    await using world = await ApiWorld.listen();
    const answer = await world.send("POST", "/api/token", { headers, text: body });
    expect([answer.status, answer.body["code"]]).toEqual([status, code]);
    expect(world.grants).toEqual([]);
  }); // prettier-ignore
});

describe("Keycloak", () => {
  const grant = { kind: "client_credentials", clientId: "a", clientSecret: "b&c" } as const;
  async function asked(answer: (request: IncomingMessage, response: ServerResponse) => void) {
    const server = createServer(answer);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/token`);
    try {
      return await keycloakIssuer(url, 500)(grant);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }
  const token = {
    access_token: "a.b.c",
    token_type: "bearer",
    expires_in: 300,
    scope: "x",
    refresh_token: "r",
  };

  it("is asked as OAuth says, and nothing but the token is passed on", async () => {
    let body = "";
    const issued = await asked((request, response) => {
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => response.end(JSON.stringify(token)));
    });
    expect(issued).toEqual({ kind: "issued", token: { access_token: "a.b.c", token_type: "Bearer", expires_in: 300 } }); // prettier-ignore
    expect(body).toBe("grant_type=client_credentials&client_id=a&client_secret=b%26c");
  });

  it.each([400, 401, 403])("refuses by %i", async (status) => {
    const refused = await asked((_request, response) => response.writeHead(status).end("{}"));
    expect(refused).toEqual({ kind: "refused" });
  });

  it.each([
    ["an error", (response: ServerResponse) => response.writeHead(500).end()],
    ["too much at once", (response: ServerResponse) => response.writeHead(429).end()],
    ["no JSON", (response: ServerResponse) => response.end("<html>")],
    ["no token", (response: ServerResponse) => response.end("{}")],
    ["without an end", (response: ServerResponse) => response.write("{")],
    ["too much", (response: ServerResponse) => response.end(JSON.stringify({ ...token, x: "x".repeat(70_000) }))],
    ["nothing", (response: ServerResponse) => response.destroy()],
    ["elsewhere", (response: ServerResponse) => response.writeHead(302, { location: "/" }).end()],
  ])("that answers %s is away", async (_case, answer) => {
    const result = await asked((_request, response) => void answer(response));
    expect(result).toEqual({ kind: "unavailable" });
  }); // prettier-ignore
});
