import { join } from "node:path";
import { Admin, type Representation } from "../../src/client/keycloak-admin";
import { applyRecording, type Applied } from "../../src/lab/keycloak/apply";
import { Secrets } from "../../src/lab/keycloak/secrets";
import { startKeycloak, type Keycloak, type KeycloakOptions } from "../../src/lab/keycloak/server";
import { GRAFANA_CLIENT, REALM } from "../../src/model/names";
import { loadInputs } from "../../src/config";
import type { Inputs } from "../../src/config/inputs";
import type { Recording } from "../../src/model/recording";
import type { ClientSecrets } from "../../src/model/rotation";
import type { Tenant } from "../../src/model/tenant";
import { duration } from "../../src/model/units";
import { configSecretMarker } from "../../src/preview/markers";
import { record } from "../../src/preview/recorder";
import { declareStack } from "../../src/stack/program";
import { renderStack } from "../../src/stack/render";
import { publicUrls } from "../../src/stack/urls";
import { freePort, loopback, server, startPostgres, tempDir, type Postgres, type TempDir } from "../servers";
import { logIn } from "./login";

export const shipped: Inputs = loadInputs(join(__dirname, "..", ".."), "dev");

/** A brokered directory of people; its secret is in the stack's configuration. */
export const DIRECTORY = {
  alias: "acme",
  displayName: "Acme",
  issuer: "https://login.example.com",
  authorizationUrl: "https://login.example.com/authorize",
  tokenUrl: "https://login.example.com/token",
  jwksUrl: "https://login.example.com/keys",
  clientId: "atalaya",
  clientSecretKey: "acme-secret",
};

/** Client secrets that are renewed. */
export const ROTATING: ClientSecrets = { rotateEvery: duration("90d"), overlap: duration("7d"), leaked: {} };

/** The shipped dev environment as the program declares it, with other tenants or people's directories. */
export function recordDev({
  tenants = shipped.tenants,
  identityProviders = [],
  clientSecrets,
}: {
  readonly tenants?: readonly Tenant[];
  readonly identityProviders?: readonly (typeof DIRECTORY)[];
  readonly clientSecrets?: ClientSecrets;
} = {}): Promise<Recording> {
  const environment = { ...shipped.environment, identityProviders, ...(clientSecrets && { clientSecrets }) };
  const keys = identityProviders.map(({ clientSecretKey }) => clientSecretKey);
  const { project, config, secretKeys } = shipped.stackConfig;
  const secrets = keys.map((key) => [`${project}:${key}`, configSecretMarker(key)] as const);
  return record(() => declareStack(renderStack(environment, tenants)), {
    project,
    stack: environment.name,
    config: new Map([...config, ...secrets]),
    secretConfigKeys: [...secretKeys, ...keys],
  });
}

/** Two busy cores: an empty database takes up to 80 s, and other tests run beside it. */
const READY = 240_000;
export const START = READY + 60_000;
const ADMINISTRATOR = { user: "admin", password: "correct horse battery staple" };

/** A PostgreSQL and a Keycloak of their own, and the secrets of what they are told. */
export class RealKeycloak implements AsyncDisposable {
  readonly secrets = new Secrets();
  readonly admin: Admin;
  #previous: Recording | undefined;

  private constructor(
    private readonly dir: TempDir,
    private readonly postgres: Postgres,
    readonly keycloak: Keycloak,
    /** The realm's URL, as people have it. */
    readonly realm: string,
  ) {
    this.admin = new Admin({ url: keycloak.url, ...ADMINISTRATOR });
  }

  static async start(): Promise<RealKeycloak> {
    const [dir, postgres] = [tempDir(), await startPostgres()];
    try {
      const options = await optionsFor(dir, postgres);
      const keycloak = await startKeycloak(options);
      return new RealKeycloak(dir, postgres, keycloak, `${options.hostname}/realms/${REALM}`);
    } catch (error) {
      await postgres.stop();
      dir.remove();
      throw error;
    }
  }

  /** Of a second one beside it. */
  options(): Promise<KeycloakOptions> {
    return optionsFor(this.dir, this.postgres);
  }

  async apply(recording: Recording): Promise<Applied> {
    const { admin, secrets } = this;
    const previous = this.#previous;
    const applied = await applyRecording(recording, { admin, secrets, ...(previous && { previous }) });
    this.#previous = recording;
    return applied;
  }

  clientSecret(client: string): string {
    return this.secrets.ofOutput("keycloak:openid/client:Client", `${client}-client`, "clientSecret");
  }

  password(name: string): string {
    return this.secrets.ofOutput("random:index/randomPassword:RandomPassword", name, "result");
  }

  async token(form: Readonly<Record<string, string>>) {
    const response = await fetch(`${this.keycloak.url}/realms/${REALM}/protocol/openid-connect/token`, {
      method: "POST",
      body: new URLSearchParams(form),
    });
    return { status: response.status, body: (await response.json()) as Readonly<Record<string, unknown>> };
  }

  agentToken(client: string, more: Readonly<Record<string, string>> = {}) {
    const credentials = { client_id: client, client_secret: this.clientSecret(client) };
    return this.token({ grant_type: "client_credentials", ...credentials, ...more });
  }

  /** Into Grafana, as a browser does it; the claims of the id token. */
  logIn(username: string, password: string) {
    return logIn({
      realm: this.realm,
      clientId: GRAFANA_CLIENT,
      clientSecret: this.password("grafana-client-secret"),
      redirectUri: `${publicUrls(shipped.environment).grafana}/login/generic_oauth`,
      username,
      password,
    });
  }

  /** All of the realm's, by client id. */
  async clients(): Promise<ReadonlyMap<string, Representation>> {
    const all = await this.admin.list(`/realms/${REALM}/clients?max=1000`);
    return new Map(all.map((client) => [String(client["clientId"]), client]));
  }

  /** Names of the scopes that a client has. */
  async scopesOf(client: string, kind: "default" | "optional"): Promise<readonly string[]> {
    const id = String((await this.clients()).get(client)?.["id"]);
    const scopes = await this.admin.list(`/realms/${REALM}/clients/${id}/${kind}-client-scopes`);
    return scopes.map(({ name }) => String(name)).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.keycloak.stop();
    await this.postgres.stop();
    this.dir.remove();
  }
}

async function optionsFor(dir: TempDir, postgres: Postgres): Promise<KeycloakOptions> {
  const http = await freePort();
  return {
    program: server("keycloak"),
    directory: join(dir.path, `keycloak-${http}`),
    bind: loopback,
    ports: { http, management: await freePort() },
    hostname: `http://localhost:${http}`,
    adminPassword: ADMINISTRATOR.password,
    database: {
      host: loopback,
      port: postgres.port,
      name: "postgres",
      user: "postgres",
      password: "not asked for",
    },
    timeoutMs: READY,
  };
}
