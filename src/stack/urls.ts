import type { Environment } from "../model/environment";
import type { PublicUrls } from "../model/topology";

/**
 * What people and agents outside type in. The edge has TLS of its own. Keycloak and Grafana speak HTTP where only this machine
 * reaches them; published further, they are behind a proxy with TLS under the same names and ports.
 */
export function publicUrls({ domain, publish }: Environment): PublicUrls {
  const web = isLoopback(publish.address) ? "http" : "https";
  const url = (scheme: string, port: number): string => new URL(`${scheme}://${domain}:${port}`).origin;
  return {
    keycloak: url(web, publish.ports.keycloak),
    grafana: url(web, publish.ports.grafana),
    otlpHttp: url("https", publish.ports.otlpHttp),
    otlpGrpc: `${domain}:${publish.ports.otlpGrpc}`,
  };
}

const isLoopback = (address: string): boolean => address.startsWith("127.") || address === "::1";
