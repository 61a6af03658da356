import { REALM } from "../model/names";
import { PORTS } from "../model/services";
import type { Endpoints, Listen } from "./model";

/** What is needed of a stack's outputs (src/client/outputs.ts). */
export interface Reached {
  readonly endpoints: { readonly otlpGrpc: string; readonly otlpHttp: string };
  readonly keycloakUrl: string;
}

/** Every address that a shipper may need, of an environment's two. */
export function endpointsOf({ endpoints: { otlpGrpc, otlpHttp }, keycloakUrl }: Reached): Endpoints {
  const edge = otlpHttp.replace(/\/+$/, "");
  return {
    otlpHttp: edge,
    otlpGrpc,
    lokiPush: `${edge}/loki/api/v1/push`,
    remoteWrite: `${edge}/prometheus/api/v1/push`,
    tokenUrl: `${keycloakUrl.replace(/\/+$/, "")}/realms/${REALM}/protocol/openid-connect/token`,
    apiKeys: `${edge}/api/api-keys`,
  };
}

const LOOPBACK = /^(localhost|.*\.localhost|127\..*|\[?::1\]?)$/;

/**
 * OTLP's own ports, on loopback alone: programs on that machine need no credential. Where the edge itself is on that machine it
 * has those ports, and the shipper takes an agent's. Keycloak without TLS says that it is (kit/host.ts).
 */
export function listenFor({ otlpHttp, tokenUrl }: Pick<Endpoints, "otlpHttp" | "tokenUrl">): Listen {
  const { envoy, agent } = PORTS;
  const beside = LOOPBACK.test(new URL(otlpHttp).hostname) || new URL(tokenUrl).protocol === "http:";
  const { otlpGrpc, otlpHttp: http } = beside ? agent : envoy;
  return { grpc: `127.0.0.1:${otlpGrpc}`, http: `127.0.0.1:${http}` };
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** For programs that want both apart. */
export function addressOf(url: string): Address {
  const { hostname, port, protocol } = new URL(url);
  return { host: hostname, port: port === "" ? (protocol === "http:" ? 80 : 443) : Number(port) };
}
