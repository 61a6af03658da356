import type { Method, Route } from "./routes";
import { SHARED_SERVICES } from "./services";
import { duration, size } from "./units";

/**
 * A server of the environment's own that programs call through the edge: with a service's token, whose scopes say what it may.
 * It is told the tenant (`X-Scope-OrgID`) and the client (`X-User-Id`), and no credential.
 */
export interface ExtraUpstream {
  /** `orders`: names its routes and its cluster. */
  readonly name: string;
  /** Where Envoy reaches it, by plain HTTP. */
  readonly host: string;
  readonly port: number;
  /** `/orders`: this and everything below leads there, unchanged. */
  readonly path: string;
  /** The scope that each method needs: `{ GET: "orders:read" }`. Other methods are 404. */
  readonly methods: Readonly<Partial<Record<Method, string>>>;
}

/** What the auth service has to know of one. */
export type UpstreamScopes = Pick<ExtraUpstream, "name" | "path" | "methods">;

export type ExtraRoute = Omit<Route, "upstream"> & { readonly upstream: `extra-${string}` };

/** The name of its cluster, and the first part of its routes' ids. */
export const extraUpstreamId = ({ name }: Pick<ExtraUpstream, "name">): `extra-${string}` => `extra-${name}`;

/** First segments of the route table's own paths, and of what may come: no extra upstream begins with one. */
export const RESERVED_SEGMENTS: readonly string[] = [
  "v1",
  "api",
  "authz",
  "loki",
  "prometheus",
  "mimir",
  "tempo",
  "grafana",
  "health",
  "ready",
  "metrics",
];

/**
 * Whether a host is, or may be, one of the environment's own processes or of the machine itself: an extra upstream is not a second
 * way to them. Addresses are refused whoever has them: a container's is nobody's for long, and this one cannot be told from ours.
 */
export function isOwnHost(host: string): boolean {
  const labels = host.toLowerCase().split(".");
  return (
    /^[0-9.]+$/.test(host) ||
    host.includes(":") ||
    labels.some(
      (label) =>
        label === "localhost" ||
        label.startsWith("agent-") ||
        label.startsWith("atalaya-") ||
        SHARED_SERVICES.some((service) => service === label),
    )
  );
}

/** Its entries in the table, one for each method, because each has its own scope. */
export const extraRoutes = (upstreams: readonly UpstreamScopes[]): readonly ExtraRoute[] =>
  upstreams.flatMap((upstream) =>
    Object.entries(upstream.methods).map(([method, scope]) => ({
      id: `${extraUpstreamId(upstream)}-${method.toLowerCase()}`,
      listeners: ["otlpHttp"],
      path: upstream.path,
      prefix: true,
      methods: [method as Method],
      verifier: "authService",
      right: { scope },
      upstream: extraUpstreamId(upstream),
      limits: { timeout: duration("30s"), body: size("1MiB") },
    })),
  );
