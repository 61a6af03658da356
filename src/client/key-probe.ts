import { randomBytes } from "node:crypto";
import { EDGE_AUDIENCE, REALM } from "../model/names";
import { ROUTES, type Listener, type Route } from "../model/routes";
import { EdgeClient, isUntrusted, type EdgeAddress, type Response } from "./edge";
import { ClientError } from "./error";

/** Who checks tokens, each with its own copy of the keys. */
interface Checker {
  readonly name: string;
  readonly route: Route;
  /** Asks Keycloak when it does not have a key, and then knows that there is none: it does not say "not yet". */
  readonly asks?: true;
}

const routeOf = (listener: Listener, verifier: Route["verifier"], verb: string): Route => {
  const found = ROUTES.find(
    (route) =>
      route.listeners.includes(listener) &&
      route.verifier === verifier &&
      route.credential === undefined &&
      "signal" in route.right &&
      route.right.verb === verb &&
      route.limits.stream === (listener === "otlpGrpc" ? route.limits.stream : undefined),
  );
  if (found === undefined) throw new Error(`No ${verifier} ${verb} route on ${listener}.`);
  return found;
};

/** Those that can be asked from outside. Grafana's listener asks the auth service alone. */
const CHECKERS: readonly Checker[] = [
  { name: "Envoy, OTLP over gRPC", route: routeOf("otlpGrpc", "agentJwt", "write") },
  { name: "Envoy, OTLP over HTTP", route: routeOf("otlpHttp", "agentJwt", "write") },
  { name: "the auth service", route: routeOf("otlpHttp", "authService", "read"), asks: true },
];

/**
 * Asks the edge whether it has a key, without one: a token that nobody signed is "not valid" (401) to whoever has the key it
 * names, and "cannot be checked" (503) to whoever does not have it yet.
 */
export class KeyProbe {
  readonly #edge: EdgeClient;

  constructor(
    edge: Omit<EdgeAddress, "urls"> & { readonly urls: Pick<EdgeAddress["urls"], "otlpHttp" | "otlpGrpc"> },
    private readonly keycloak: string,
  ) {
    this.#edge = new EdgeClient({ ...edge, urls: { ...edge.urls, query: edge.urls.otlpHttp } });
  }

  /** Throws ClientError unless Envoy says of a key that does not exist that it does not have it: else no answer means anything. */
  async check(): Promise<void> {
    const none = `none-${randomBytes(8).toString("hex")}`;
    const having = await this.#having(
      none,
      CHECKERS.filter(({ asks }) => asks !== true),
    );
    if (having.length === 0) return;
    throw new ClientError(
      `The edge cannot be asked which keys it has: ${having.join(" and ")} does not take tokens of ${this.keycloak}.`,
    );
  }

  /** Who does not have this key yet, which Keycloak publishes. Throws ClientError when the edge cannot be reached. */
  async missing(kid: string): Promise<readonly string[]> {
    const having = await this.#having(kid);
    return CHECKERS.map(({ name }) => name).filter((name) => !having.includes(name));
  }

  async #having(kid: string, checkers = CHECKERS): Promise<readonly string[]> {
    const headers = { authorization: `Bearer ${unsigned(kid, this.keycloak)}` };
    const answers = await Promise.all(
      checkers.map(async ({ name, route }) => ((await this.#ask(route, headers)) === 401 ? [name] : [])),
    );
    return answers.flat();
  }

  async #ask(route: Route, headers: Readonly<Record<string, string>>): Promise<number> {
    const [listener = "otlpHttp"] = route.listeners;
    const [method = "GET"] = route.methods;
    try {
      if (listener !== "otlpGrpc")
        return (await this.#edge.ask(listener, route.path, { method, headers })).status;
      const grpc = { "content-type": "application/grpc", te: "trailers", ...headers };
      return httpStatus(await this.#edge.grpc(route.path, grpc, Buffer.alloc(5)));
    } catch (error) {
      throw new ClientError(`The edge cannot be reached: ${whyOf(error)}.`, { cause: error });
    }
  }
}

/** HTTP/2 says that a stream was cancelled, and why only in its cause. */
function whyOf(error: unknown): string {
  const { code, message, cause } = error as NodeJS.ErrnoException;
  if (cause instanceof Error) return whyOf(cause);
  return code === undefined || isUntrusted(error as Error) ? message : code;
}

/** UNAUTHENTICATED is 401. */
const httpStatus = ({ status, grpcStatus }: Response): number => (grpcStatus === 16 ? 401 : status);

/** As Keycloak writes them, and with noise where the signature is. */
function unsigned(kid: string, keycloak: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1_000);
  const claims = {
    ...{ exp: now + 60, iat: now, iss: `${keycloak}/realms/${REALM}`, aud: EDGE_AUDIENCE },
    ...{ azp: "rotate-keys", tenant_id: "none" },
  };
  return [part({ alg: "RS256", typ: "JWT", kid }), part(claims), randomBytes(256).toString("base64url")].join(
    ".",
  );
}
