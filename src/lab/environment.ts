import { mkdirSync } from "node:fs";
import { KEYCLOAK_ADMINISTRATOR } from "../model/keycloak";
import type { Tenant } from "../model/tenant";
import { localTopology } from "../model/topology";
import { LIVE_FILES } from "../render/envoy/names";
import type { Places } from "../stack/render";
import { declare, deliveries, type Declared, type LabInput } from "./declare";
import { deliver } from "./deliver";
import type { EdgeStatus } from "./edge";
import { LabError } from "./error";
import { Admin } from "../client/keycloak-admin";
import { applyRecording, type Applied } from "./keycloak/apply";
import type { Secrets } from "./keycloak/secrets";
import type { LocalPorts } from "./ports";
import { realValues } from "./values";

/** What a change did: files by path, and Keycloak's objects. */
export interface Change {
  readonly files: readonly string[];
  readonly keycloak: Applied;
}

/** Envoy's live lists: what tells when it works by a new one. */
const LISTS = Object.values(LIVE_FILES).map((file) => file.replace(/\.yaml$/, ""));

/** The environment as it is declared now, and how it becomes another: in place of the engine and its state. */
export class LabEnvironment {
  readonly #values;
  #admin: Admin | undefined;

  private constructor(
    private readonly input: LabInput,
    private readonly directory: string,
    private readonly ports: LocalPorts,
    private readonly secrets: Secrets,
  ) {
    this.#values = realValues(secrets);
  }

  #declared: Declared | undefined;
  get declared(): Declared {
    if (this.#declared === undefined) throw new LabError("Nothing is declared yet.");
    return this.#declared;
  }

  /** Declares it and puts all of its files in place. */
  static async create(
    input: LabInput,
    directory: string,
    ports: LocalPorts,
    secrets: Secrets,
  ): Promise<LabEnvironment> {
    const environment = new LabEnvironment(input, directory, ports, secrets);
    environment.#declared = await environment.#declare(input.tenants);
    for (const delivery of deliveries(environment.declared)) deliver(delivery);
    for (const { directories } of Object.values(environment.declared.stack.topology.services))
      mkdirSync(directories.data, { recursive: true });
    return environment;
  }

  /** Makes Keycloak, which runs and is empty, what the program declares. */
  applyRealm(): Promise<Applied> {
    const { recording, stack } = this.declared;
    const administrators = recording.outputs["administrators"] as { keycloak: { password: string } };
    this.#admin = new Admin({
      url: stack.topology.urls.keycloak,
      user: KEYCLOAK_ADMINISTRATOR,
      password: administrators.keycloak.password,
    });
    return applyRecording(recording, { admin: this.#admin, secrets: this.secrets });
  }

  /**
   * Other tenants, in the program's own order: what isolates first and in use, then Keycloak. Throws LabError, before it does
   * anything, when something protected would go.
   */
  async change(tenants: readonly Tenant[], edge: EdgeStatus | undefined): Promise<Change> {
    const before = this.declared;
    const after = await this.#declare(tenants);
    refuseUnprotected(before, after);
    if (this.#admin === undefined) throw new LabError("The lab has not started.");
    this.#declared = after;
    const files: string[] = [];
    const place = (): readonly string[] => {
      for (const delivery of deliveries(after)) files.push(...deliver(delivery));
      return LISTS.filter((list) => files.some((file) => file.endsWith(`/envoy/live/${list}.yaml`)));
    };
    if (edge === undefined) place();
    else await edge.follows(LISTS, place);
    const keycloak = await applyRecording(after.recording, {
      admin: this.#admin,
      secrets: this.secrets,
      previous: before.recording,
    });
    return { files, keycloak };
  }

  async #declare(tenants: readonly Tenant[]): Promise<Declared> {
    await this.ports.reserveAgents(tenants.flatMap(({ agents }) => agents.map(({ id }) => id)));
    const { port } = this.ports;
    const places: Places = (agents, urls) => localTopology({ directory: this.directory, port }, agents, urls);
    return declare({ ...this.input, tenants }, places, this.#values);
  }
}

/** As the engine does: who wants to remove a tenant suspends it first. */
function refuseUnprotected(before: Declared, after: Declared): void {
  const kept = new Set(after.recording.resources.map(({ urn }) => urn));
  const gone = before.recording.resources.filter(({ urn, protect }) => protect && !kept.has(urn));
  if (gone.length === 0) return;
  const names = gone.map(({ name }) => name).join(", ");
  throw new LabError(
    `This would remove what is protected (suspend a tenant before you remove it): ${names}.`,
  );
}
