import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** What `pulumi stack output` would print; secrets begin with `secret-`. */
export const outputs = (keycloakUrl = "http://localhost:1", change: object = {}) => ({
  endpoints: { otlpGrpc: "localhost:2", otlpHttp: "https://localhost:3" },
  grafanaUrl: "http://localhost:4",
  keycloakUrl,
  caCertificate: "PEM",
  administrators: { keycloak: { user: "admin", password: "secret-admin" } },
  operators: {},
  tenants: {
    mx: tenant("mx", "agent-mx", "agent-mx-plant"),
    pe: tenant("pe", "one"),
    co: tenant("co", "a", "b"),
  },
  ...change,
});

export const tenant = (id: string, ...clients: readonly string[]) => ({
  state: "active",
  organisation: `tenant-${id}`,
  clients: Object.fromEntries(
    [...clients, `service-${id}-shop`].map((clientId) => [
      clientId,
      { clientId, clientSecret: `secret-${clientId}` },
    ]),
  ),
  users: {},
  readKey: `atl_secret-${id}`,
});

export interface FakeServer extends AsyncDisposable {
  readonly url: string;
  /** Forms that were posted, oldest first. */
  readonly forms: readonly URLSearchParams[];
}

/** Answers forms with JSON, as Keycloak does. */
export async function fakeKeycloak(
  respond: (form: URLSearchParams, path: string) => readonly [number, unknown],
): Promise<FakeServer> {
  const forms: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    void textOf(request).then((text) => {
      const form = new URLSearchParams(text);
      forms.push(form);
      const [status, body] = respond(form, request.url ?? "");
      response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    forms,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
