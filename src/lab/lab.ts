import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TenantId } from "../model/names";
import type { Tenant } from "../model/tenant";
import type { Topology } from "../model/topology";
import type { RenderedStack } from "../stack/render";
import type { Backend } from "./backends/backend";
import type { BackendName, Received } from "./backends/received";
import type { Store, StoredQuery } from "./backends/store";
import { fetchToken } from "../client/token";
import { clientOf, grafanaHeaders } from "./credentials";
import type { EdgeStatus } from "./edge";
import type { Change, LabEnvironment } from "./environment";
import type { LabProcess } from "./process";
import { PROCESS_NAMES, type ProcessName } from "./programs";

/** Everything that a lab consists of once it has started. */
export interface LabParts {
  readonly directory: string;
  readonly environment: LabEnvironment;
  readonly processes: Readonly<Record<ProcessName, LabProcess>>;
  readonly backends: Readonly<Record<BackendName, Backend>>;
  /** The real servers behind the recorders. */
  readonly servers: Readonly<Partial<Record<BackendName, LabProcess>>>;
  /** Tells them of other tenants. */
  readonly follow: (stack: RenderedStack) => void;
  readonly store: Store;
  readonly edge: EdgeStatus;
  readonly storedPort: number;
  /** Ends all processes and removes what is not to be kept. */
  readonly stop: () => Promise<void>;
}

export interface LabUrls {
  readonly otlpHttp: string;
  /** `host:port` */
  readonly otlpGrpc: string;
  /** The listener for Grafana. */
  readonly query: string;
  /** Envoy's readiness and metrics. */
  readonly health: string;
  readonly keycloak: string;
  /** What was stored, as JSON. */
  readonly stored: string;
}

/** The dev environment as processes of this machine, with recording backends. */
export class Lab implements AsyncDisposable {
  readonly directory: string;
  readonly processes: LabParts["processes"];
  readonly backends: LabParts["backends"];
  readonly servers: LabParts["servers"];
  readonly store: Store;
  readonly edge: EdgeStatus;
  /** Changes one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: LabParts) {
    ({
      directory: this.directory,
      processes: this.processes,
      backends: this.backends,
      servers: this.servers,
      store: this.store,
      edge: this.edge,
    } = parts);
  }

  get tenants(): readonly Tenant[] {
    return this.#declared.stack.tenants;
  }

  get topology(): Topology {
    return this.#declared.stack.topology;
  }

  get urls(): LabUrls {
    const { urls, services } = this.topology;
    const local = (port: number): string => `//localhost:${port}`;
    return {
      otlpHttp: urls.otlpHttp,
      otlpGrpc: urls.otlpGrpc,
      query: `https:${local(services.envoy.ports.query)}`,
      health: `http:${local(services.envoy.ports.health)}`,
      keycloak: urls.keycloak,
      stored: `http:${local(this.parts.storedPort)}`,
    };
  }

  /** The authority of Envoy's certificate, PEM. */
  get ca(): string {
    return String(this.#declared.recording.outputs["caCertificate"]);
  }

  get caFile(): string {
    return join(this.directory, "ca.crt");
  }

  /** The stack's outputs, secrets included, as `pulumi stack output --show-secrets --json` prints them. */
  get outputsFile(): string {
    return join(this.directory, "outputs.json");
  }

  /** A new access token of a client: `agent-mx`. */
  async token(client: string): Promise<string> {
    return fetchToken(this.urls.keycloak, clientOf(this.#declared.recording, client));
  }

  /** What Grafana sends to read a tenant's data. */
  grafana(tenant: string): ReturnType<typeof grafanaHeaders> {
    return grafanaHeaders(this.#declared.recording, tenant as TenantId);
  }

  /** Writes that the backends accepted, oldest first. */
  stored(query?: StoredQuery): readonly Received[] {
    return this.store.stored(query);
  }

  /** Other tenants, while all runs. Returns what changed once the edge works by it. */
  applyTenants(tenants: readonly Tenant[]): Promise<Change> {
    const { environment, processes, edge, follow } = this.parts;
    const next = this.#last.then(async () => {
      const change = await environment.change(tenants, processes.envoy.running ? edge : undefined);
      follow(environment.declared.stack);
      this.writeOutputs();
      return change;
    });
    this.#last = next.catch(() => undefined);
    return next;
  }

  /** For programs beside the lab: the authority's certificate and the stack's outputs. */
  writeOutputs(): void {
    writeFileSync(this.caFile, this.ca);
    const outputs = JSON.stringify(this.#declared.recording.outputs, undefined, 2);
    writeFileSync(this.outputsFile, outputs, { mode: 0o600 });
  }

  /** Of all processes that run. */
  get pids(): readonly number[] {
    return [...PROCESS_NAMES.map((name) => this.processes[name]), ...Object.values(this.servers)]
      .filter(({ running }) => running)
      .map(({ pid }) => pid);
  }

  /** Nothing of it is left afterwards. Does nothing the second time. */
  stop(): Promise<void> {
    return this.parts.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  get #declared() {
    return this.parts.environment.declared;
  }
}
