import { connect as connectTls } from "node:tls";
import { REALM, type Signal } from "../model/names";
import { ROUTES } from "../model/routes";
import { EdgeClient, withTrust, type Response } from "./edge";
import { Bad, measured, type Check, type Health } from "./health-check";
import type { StackOutputs } from "./outputs";
import type { ClientCredentials } from "./token";
import { described } from "./probe-session";
import { tokenOf } from "./reach";

export interface HealthOptions {
  readonly outputs: StackOutputs;
  /** A lab has no Grafana. */
  readonly isLab: boolean;
  /** For each check. */
  readonly timeoutMs: number;
}

/** Asks everything that can be asked from outside, all at once. */
export async function checkHealth(options: HealthOptions): Promise<readonly Health[]> {
  const { outputs, isLab, timeoutMs } = options;
  const urls = { ...outputs.endpoints, query: outputs.endpoints.otlpHttp };
  const edge = new EdgeClient({ urls, ca: outputs.caCertificate }, { timeoutMs });
  const keys = Object.values(outputs.tenants).filter(({ state }) => state === "active");
  const checks = [
    ...edgeChecks(outputs, edge),
    ...identityChecks(outputs, edge),
    ...readChecks(edge, keys[0]?.readKey),
  ];
  const [seen, grafana] = await Promise.all([
    Promise.all(checks.map((check) => measured(check, timeoutMs))),
    isLab
      ? { component: "Grafana", state: "absent" as const, seen: "not in the lab" }
      : measured(grafanaCheck(outputs), timeoutMs),
  ]);
  return [...behindEdge(seen), grafana];
}

/** What is asked through an edge that does not answer at all says nothing of itself. */
function behindEdge(seen: readonly Health[]): readonly Health[] {
  const isEdge = ({ component }: Health): boolean => component.startsWith("Envoy, OTLP");
  if (seen.some((one) => isEdge(one) && one.state === "good")) return seen;
  const blind = new Set([
    "Collector, by a token",
    "Auth service",
    REDIS,
    ...READS.map(([component]) => component),
  ]);
  return seen.map((one) =>
    one.state === "bad" && blind.has(one.component) ? { ...one, remedy: "Mend Envoy first." } : one,
  );
}

const ENVOY = "Does the process envoy run, and are its ports published? Look at its log.";
const DAY_MS = 86_400_000;
/** A certificate that ends sooner is not well: somebody has to act. */
const RENEW_DAYS = 14;

const edgeChecks = ({ endpoints, caCertificate }: StackOutputs, edge: EdgeClient): readonly Check[] => [
  {
    component: "Envoy, certificate",
    remedy: `${ENVOY} The stack's outputs may be older than its authority: pulumi up.`,
    run: (timeoutMs) => certificate(endpoints.otlpHttp, caCertificate, timeoutMs),
  },
  {
    component: "Envoy, OTLP over HTTP",
    remedy: ENVOY,
    run: async () => refused(await edge.ask("otlpHttp", "/v1/logs", { method: "POST" })),
  },
  {
    component: "Envoy, OTLP over gRPC",
    remedy: ENVOY,
    run: async () => {
      const path = ROUTES.find(({ id }) => id === "otlp-grpc-logs")?.path ?? "";
      const headers = { "content-type": "application/grpc", te: "trailers" };
      return `speaks HTTP/2, ${refused(await edge.grpc(path, headers, Buffer.alloc(5)))}`;
    },
  },
];

/** Days until it ends, when the stack's authority has signed it. */
const certificate = (url: string, ca: string, timeout: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connectTls({
      host: hostname,
      port: Number(port || 443),
      servername: hostname,
      ca,
      timeout,
    });
    socket.once("timeout", () => socket.destroy(new Error("no answer in time")));
    socket.once("error", (error: Error) => {
      reject(withTrust(error));
    });
    socket.once("secureConnect", () => {
      const ends = socket.getPeerCertificate().valid_to;
      const days = Math.floor((Date.parse(ends) - Date.now()) / DAY_MS);
      socket.destroy();
      const seen = `signed by the stack's authority, ends in ${days} days`;
      if (days >= RENEW_DAYS) resolve(seen);
      else reject(new Bad(seen, "Renew it: pulumi up makes a new one before it ends."));
    });
  });

/** A request without a credential must be, or nothing is checked. */
function refused(response: Response): string {
  const { status, grpcStatus, body } = response;
  const said = described(response);
  if (grpcStatus === undefined ? status === 401 && body.includes('"credential_missing"') : grpcStatus === 16)
    return "refuses what has no credential";
  if (status < 300 && (grpcStatus ?? 0) === 0)
    throw new Bad(
      `LETS IN what has no credential (${said})`,
      "Take the edge off the network now; its checks are off.",
    );
  throw new Bad(`answers ${said} to what has no credential, not 401 credential_missing`);
}

const KEYCLOAK = "Do keycloak and postgres run? Look at keycloak's log.";

function identityChecks({ keycloakUrl, tenants }: StackOutputs, edge: EdgeClient): readonly Check[] {
  const realm = `${keycloakUrl}/realms/${REALM}`;
  const agents = Object.values(tenants)
    .filter(({ state }) => state === "active")
    .flatMap(({ clients }) => Object.values(clients))
    .filter(({ clientId }) => clientId.startsWith("agent-"))
    .slice(0, MOST_AGENTS);
  let asked: Promise<Issued> | undefined;
  // Once for both checks; well before their time is over, so that each says what it knows.
  const issued = (timeoutMs: number): Promise<Issued> =>
    (asked ??= issuedTo(keycloakUrl, agents, timeoutMs * 0.8));
  return [
    {
      component: "Keycloak, realm",
      remedy: KEYCLOAK,
      run: async (timeoutMs) => {
        const { issuer } = await json(`${realm}/.well-known/openid-configuration`, timeoutMs);
        if (issuer === realm) return `issuer ${realm}`;
        throw new Bad(
          `issuer is ${String(issuer)}, not ${realm}`,
          "KC_HOSTNAME of keycloak must be keycloakUrl.",
        );
      },
    },
    {
      component: "Keycloak, keys",
      remedy: KEYCLOAK,
      run: async (timeoutMs) => signingKeys(await json(`${realm}/protocol/openid-connect/certs`, timeoutMs)),
    },
    {
      component: "Keycloak, a token",
      remedy: KEYCLOAK,
      run: async (timeoutMs) => `issues one to ${(await issued(timeoutMs)).client.clientId}`,
    },
    {
      component: "Collector, by a token",
      remedy: "Does the process alloy-gateway run? Look at its log, and at envoy's.",
      run: async (timeoutMs) => {
        const { client, token } = await issued(timeoutMs).catch((error: unknown) => {
          if (error instanceof Bad) throw error;
          throw new Bad("not reached: there is no token to ask with", "Mend Keycloak's tokens first.");
        });
        const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
        // Nothing in it: it goes all the way to the collector, and nowhere from there.
        const answer = await edge.ask("otlpHttp", "/v1/logs", { method: "POST", headers, body: "{}" });
        if (answer.status === 200) return `takes an empty export of ${client.clientId}`;
        throw new Bad(`answers ${described(answer)} to an export of ${client.clientId}`);
      },
    },
  ];
}

/** So many are asked for, where the first may be suspended. */
const MOST_AGENTS = 5;

interface Issued {
  readonly client: ClientCredentials;
  readonly token: string;
}

/** Of the first that is given one: an agent may be suspended, and the outputs do not say which. */
async function issuedTo(
  keycloak: string,
  agents: readonly ClientCredentials[],
  timeoutMs: number,
): Promise<Issued> {
  const until = performance.now() + timeoutMs;
  let why: unknown = new Bad("no active tenant has an agent to ask as", "Add a tenant.");
  for (const client of agents) {
    try {
      const left = Math.max(1, Math.round(until - performance.now()));
      return { client, token: await tokenOf(keycloak, client, left) };
    } catch (error) {
      why = error;
      if (!/ no token: 40[013] /.test((error as Error).message)) break;
    }
  }
  throw why;
}

function signingKeys({ keys }: Readonly<Record<string, unknown>>): string {
  const signing = (Array.isArray(keys) ? keys : []).filter((key) => (key as { use?: unknown }).use === "sig");
  if (signing.length === 0)
    throw new Bad("no signing key", "Every token is refused. Look at the realm's keys.");
  return `${signing.length} signing key${signing.length === 1 ? "" : "s"}`;
}

async function json(url: string, timeoutMs: number): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  const text = await response.text();
  if (!response.ok) throw new Bad(`${response.status} from ${new URL(url).pathname}`);
  return JSON.parse(text) as Record<string, unknown>;
}

/** Of each backend, a read that costs it little. */
const READS: readonly (readonly [string, Signal, string])[] = [
  ["Mimir", "metrics", "/prometheus/api/v1/labels"],
  ["Loki", "logs", "/loki/api/v1/labels"],
  ["Tempo", "traces", "/tempo/api/search/tags"],
];
/** By the tenant API, which keeps all in it. */
const REDIS = "Redis";
/** Nobody's: what it is answered comes from the auth service alone. */
const NO_KEY = "atl_nobody_has_this_key";

function readChecks(edge: EdgeClient, readKey: string | undefined): readonly Check[] {
  const ask = (path: string, key: string): Promise<Response> =>
    edge.ask("otlpHttp", path, { headers: { authorization: `Bearer ${key}` } });
  const [[, , first] = ["", "", ""]] = READS;
  const auth: Check = {
    component: "Auth service",
    remedy: "Does the process auth run? Look at its log.",
    run: async () => {
      const answers = await Promise.all([
        ask(first, NO_KEY),
        ...(readKey === undefined ? [] : [ask(first, readKey)]),
      ]);
      const [unknown, known] = answers.map(described);
      if (unknown !== "401 key_invalid")
        throw new Bad(`answers ${unknown ?? ""} to an unknown key, not 401 key_invalid`);
      if (known !== undefined && /^(401|403|503 \w*(authorization|directory|keys))/.test(known))
        throw new Bad(
          `answers ${known} to a tenant's own read key`,
          "Its list of keys is older than the outputs: pulumi up.",
        );
      return "knows a tenant's read key, refuses an unknown one";
    },
  };
  const reader = (component: string, path: string, good: string): Check => ({
    component,
    remedy: `Does the process ${component.toLowerCase()} run? Look at its log.`,
    run: async () => {
      if (readKey === undefined) throw new Bad("no active tenant to read as", "Add a tenant.");
      const answer = await ask(path, readKey);
      const said = described(answer);
      if (answer.status === 200) return good;
      const undecided =
        answer.status === 401 || answer.status === 403 || /authorization|directory|keys/.test(said);
      throw undecided
        ? new Bad(`not reached: ${said}`, "Mend the auth service first.")
        : new Bad(`answers ${said}`);
    },
  });
  return [
    auth,
    reader(REDIS, "/api/data?limit=1", "answers the tenant API"),
    ...READS.map(([component, , path]) => reader(component, path, "answers a tenant's read")),
  ];
}

const grafanaCheck = ({ grafanaUrl }: StackOutputs): Check => ({
  component: "Grafana",
  remedy: "Does the process grafana run? Look at its log.",
  run: async (timeoutMs) => {
    const { database, version } = await json(`${grafanaUrl}/api/health`, timeoutMs);
    if (database === "ok")
      return `its database is ok${typeof version === "string" ? `, version ${version}` : ""}`;
    throw new Bad(`its database is ${String(database)}`);
  },
});
