import type { Capacity } from "./limits";
import type { ClientSecrets } from "./rotation";
import type { SharedService } from "./services";
import type { Bytes, Seconds } from "./units";
import type { ExtraUpstream } from "./upstreams";

export type HostKind = "docker" | "kubernetes";

/** A Pulumi stack: where and how large, never who. */
export interface Environment {
  /** The stack's name: `dev`, `prod`. */
  readonly name: string;
  readonly host: HostKind;
  /** Host name under which people and agents outside reach what is published. */
  readonly domain: string;
  readonly publish: Publish;
  /** Publishes the inner services' ports on loopback as well. Never on another address. */
  readonly debugPorts: boolean;
  /** Registry mirror for every image. */
  readonly imageRegistry?: string;
  readonly capacity: Capacity;
  /** Whether tenants that sum up to more than the capacity are an error (prod) or a warning (dev). */
  readonly overCapacity: "warn" | "error";
  /** No tenant keeps data longer here. */
  readonly maximumRetention: { readonly metrics: Seconds; readonly logs: Seconds; readonly traces: Seconds };
  readonly sizes: Readonly<Record<SharedService | "agent", Size>>;
  /** Proxies in front of Envoy whose X-Forwarded-For is believed. */
  readonly trustedProxies: number;
  readonly identityProviders: readonly IdentityProvider[];
  /** Servers beside ours that programs call through the edge. */
  readonly upstreams: readonly ExtraUpstream[];
  /** One demonstration user per tenant and role, with generated passwords. */
  readonly demonstrationUsers: boolean;
  /** Absent: agents and services keep the secrets that Keycloak made for them. */
  readonly clientSecrets?: ClientSecrets;
}

/** Host addresses and ports of what people and agents reach. */
export interface Publish {
  /** An IP; loopback unless configured. */
  readonly address: string;
  readonly ports: {
    readonly otlpGrpc: number;
    readonly otlpHttp: number;
    readonly keycloak: number;
    readonly grafana: number;
  };
}

export interface Size {
  readonly memory: Bytes;
  readonly cpus: number;
}

/** A brokered OpenID Connect provider. Its client secret is the config secret named here. */
export interface IdentityProvider {
  readonly alias: string;
  readonly displayName: string;
  readonly issuer: string;
  readonly authorizationUrl: string;
  readonly tokenUrl: string;
  readonly jwksUrl: string;
  readonly clientId: string;
  readonly clientSecretKey: string;
}
