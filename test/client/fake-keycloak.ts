import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Representation } from "../../src/client/keycloak-admin";

interface Component {
  readonly id: string;
  name: string;
  providerId: string;
  config: Record<string, readonly string[]>;
}

const REALM = "/admin/realms/observability";

/** As much of Keycloak's admin API as a rotation of keys asks for, with keys that are only their ids. */
export class FakeKeycloak implements AsyncDisposable {
  readonly components = new Map<string, Component>();
  /** What was changed, in order: `POST`, `PUT <id>`, `DELETE <id>`. */
  readonly writes: string[] = [];
  realm = true;
  password = "right";
  /** Called before each write is done. */
  onWrite: ((what: string) => void) | undefined;
  #count = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<FakeKeycloak> {
    const server = createServer();
    const fake = new FakeKeycloak(server);
    server.on("request", (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        fake.#answer(request.method ?? "", request.url ?? "", Buffer.concat(chunks).toString(), response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // What a new realm has.
    fake.add("first", "rsa-generated", { priority: ["100"] });
    fake.add("cookies", "hmac-generated", { priority: ["100"] });
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  add(id: string, providerId: string, config: Component["config"], name = id): void {
    this.components.set(id, { id, name, providerId, config });
  }

  /** `id state` of the keys that sign, the newest first. */
  signing(): readonly string[] {
    return this.#keys()
      .filter(({ algorithm }) => algorithm === "RS256")
      .map(({ kid, status }) => `${kid} ${status.toLowerCase()}`);
  }

  #keys() {
    const of = ({ config }: Component, name: string, otherwise: string) => config[name]?.[0] ?? otherwise;
    return [...this.components.values()]
      .map((component) => ({
        kid: component.id,
        providerId: component.id,
        providerPriority: Number(of(component, "priority", "0")),
        status:
          of(component, "enabled", "true") === "false"
            ? "DISABLED"
            : of(component, "active", "true") === "false"
              ? "PASSIVE"
              : "ACTIVE",
        algorithm: component.providerId === "hmac-generated" ? "HS512" : "RS256",
        use: "SIG",
      }))
      .sort((a, b) => b.providerPriority - a.providerPriority);
  }

  #answer(method: string, url: string, body: string, response: ServerResponse): void {
    const { pathname } = new URL(url, "http://keycloak");
    const send = (status: number, answer?: unknown, headers = {}): void => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(answer === undefined ? undefined : JSON.stringify(answer));
    };
    if (pathname.endsWith("/token")) {
      const right = new URLSearchParams(body).get("password") === this.password;
      // By its own clock, whatever a test does to Date.
      const iat = Math.floor((performance.timeOrigin + performance.now()) / 1_000);
      const claims = Buffer.from(JSON.stringify({ iat })).toString("base64url");
      if (right) send(200, { access_token: `head.${claims}.signature`, expires_in: 60 });
      else send(401, { error: "invalid_grant", error_description: "Invalid user credentials" });
    } else if (!this.realm) send(404, { error: "Realm not found." });
    else if (pathname === `${REALM}/keys`) {
      const keys = this.#keys();
      const active = keys.find(({ algorithm, status }) => algorithm === "RS256" && status === "ACTIVE");
      send(200, { keys, active: active === undefined ? {} : { RS256: active.kid } });
    } else if (method === "GET") send(200, [...this.components.values()]);
    else this.#write(method, pathname, body, send);
  }

  #write(
    method: string,
    path: string,
    body: string,
    send: (status: number, answer?: unknown, headers?: object) => void,
  ): void {
    const id = path.startsWith(`${REALM}/components/`)
      ? path.slice(`${REALM}/components/`.length)
      : undefined;
    const what = id === undefined ? method : `${method} ${id}`;
    this.onWrite?.(what);
    this.writes.push(what);
    if (method === "DELETE" && id !== undefined) {
      this.components.delete(id);
      send(204);
      return;
    }
    const given = JSON.parse(body) as Representation & Omit<Component, "id">;
    const of = id ?? `new-${this.#count++}`;
    this.add(of, given.providerId, given.config, given.name);
    send(id === undefined ? 201 : 204, undefined, { location: `${this.url}/components/${of}` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
