import { isIP } from "node:net";
import type { Onboarding } from "../model";

/** Whom a kit is for: the same that every shipper is told, and what a host of its own may need besides. */
export interface KitHost extends Onboarding {
  /** The authority of Keycloak's certificate, PEM, where it is none that the host trusts anyway. */
  readonly keycloakAuthority?: string;
}

/** Beside `ca.crt`. */
export const KEYCLOAK_AUTHORITY_PATH = "keycloak-ca.crt";

/** Whether the edge is trusted by an authority of its own; else its certificate is a public one. */
export const hasAuthority = ({ authority }: Pick<KitHost, "authority">): boolean => authority.trim() !== "";

const TOKEN_PATH = "/protocol/openid-connect/token";

/** The very text that the edge holds a token's `iss` against (render/envoy/checks.ts). */
export const issuerOf = ({ endpoints: { tokenUrl } }: Pick<KitHost, "endpoints">): string => {
  if (!tokenUrl.endsWith(TOKEN_PATH)) throw new Error(`onboard: not a realm's token URL: ${tokenUrl}`);
  return tokenUrl.slice(0, -TOKEN_PATH.length);
};

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Of a URL, or of `host:port`, which is taken for TLS. An IPv6 address has no brackets. */
export function addressOf(place: string): Address {
  const url = new URL(place.includes("://") ? place : `https://${place}`);
  const port = url.port === "" ? (url.protocol === "http:" ? 80 : 443) : Number(url.port);
  return { host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port };
}

export const isAddress = (host: string): boolean => isIP(host) !== 0;

const LOOPBACK = /^(localhost|.*\.localhost|127\..*|::1)$/;

/** Whether it runs beside the environment, where a container of its own network finds nobody at `localhost`. */
export const isBeside = (host: Pick<KitHost, "environment" | "endpoints">): boolean =>
  unreachable(host) !== undefined;

/**
 * Why no other host reaches this environment, with the remedy; undefined when one may. Keycloak on plain HTTP says that ports
 * are published on loopback, whatever the name (stack/urls.ts).
 */
export function unreachable({
  environment,
  endpoints,
}: Pick<KitHost, "environment" | "endpoints">): string | undefined {
  const { otlpHttp, otlpGrpc, tokenUrl } = endpoints;
  const own = [otlpHttp, otlpGrpc, new URL(tokenUrl).origin].filter((place) =>
    LOOPBACK.test(addressOf(place).host),
  );
  const plain = new URL(tokenUrl).protocol === "http:";
  if (own.length === 0 && !plain) return undefined;
  const what =
    own.length > 0
      ? `its addresses mean whoever asks: ${own.join(", ")}`
      : `its ports are published on loopback, because ${new URL(tokenUrl).origin} has no TLS`;
  return [
    `${environment.charAt(0).toUpperCase()}${environment.slice(1)} is reached from its own host alone: ${what}.`,
    "In Pulumi.<stack>.yaml set atalaya:publish to an address of that host ({ address: 192.0.2.10 }) and atalaya:domain to a name that",
    "the other host finds it by, and put a proxy with TLS before Keycloak's and Grafana's ports; then: npm run up.",
    "For programs on the environment's own host: --force.",
  ].join("\n");
}
