import * as pulumi from "@pulumi/pulumi";
import { parseEnvironment, parseTenantList, tenantsOf } from "../../src/config";
import type { Environment } from "../../src/model/environment";
import type { Recording, ResourceRecord } from "../../src/model/recording";
import { configSecretMarker } from "../../src/preview/markers";
import { record } from "../../src/preview/recorder";
import { defineEnvironment } from "../../src/stack/program";
import { renderStack } from "../../src/stack/render";

const SETTINGS = {
  "atalaya:host": "docker",
  "atalaya:domain": "localhost",
  "atalaya:overCapacity": "warn",
  "atalaya:capacity": JSON.stringify({
    requests: "500/s",
    samples: "50000/s",
    activeSeries: 1_000_000,
    logs: "20MiB/s",
    traces: "20MiB/s",
  }),
};

/** A tenant of the list: an id, or more. */
export type Entry = string | ({ readonly id: string } & Readonly<Record<string, unknown>>);

export const MX = { id: "mx", name: "México" };
export const PE = { id: "pe", name: "Perú" };

const configOf = (settings: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
  new Map(Object.entries({ ...SETTINGS, ...settings }));

export const environmentOf = (settings: Readonly<Record<string, string>> = {}): Environment =>
  parseEnvironment("dev", configOf(settings), "Pulumi.dev.yaml");

/** Records a whole environment with these tenants, as the program declares it. */
export function recordEnvironment(
  entries: readonly Entry[],
  settings: Readonly<Record<string, string>> = {},
): Promise<Recording> {
  const environment = environmentOf(settings);
  const listed = entries.map((entry) =>
    typeof entry === "string" ? { id: entry, name: `Tenant ${entry}` } : entry,
  );
  const { tenants } = tenantsOf(
    parseTenantList(JSON.stringify({ tenants: listed }), "tenants.yaml"),
    environment,
  );
  const program = () =>
    defineEnvironment({
      ...renderStack(environment, tenants),
      authImage: { context: ".cache/auth-image", tag: "0123456789ab" },
      secret: (key) => pulumi.secret(configSecretMarker(key)),
    });
  return record(program, { project: "atalaya", stack: "dev", config: configOf(settings) });
}

/** `docker:Container envoy-files`: a resource as the tests name it. */
export const shown = ({ type, name }: Pick<ResourceRecord, "type" | "name">): string => {
  const [pkg = "", module = "", kind = ""] = type.split(":");
  if (pkg === "atalaya") return `${pkg}:${module}:${kind} ${name}`;
  return pkg === "pulumi" ? `${type} ${name}` : `${pkg}:${kind} ${name}`;
};

export const shownUrn = (urn: string): string => {
  const [, , types = "", name = ""] = urn.split("::");
  return shown({ type: types.split("$").at(-1) ?? "", name });
};

/** The only resource with this description. */
export function only({ resources }: Recording, description: string): ResourceRecord {
  const found = resources.filter((resource) => shown(resource) === description);
  if (found.length !== 1 || found[0] === undefined)
    throw new Error(`${found.length} resources are "${description}"`);
  return found[0];
}

/** A resource and everything it waits for, over any number of steps; a component stands for what is in it. */
export function waitsFor(recording: Recording, start: ResourceRecord): ReadonlySet<string> {
  const byUrn = new Map(recording.resources.map((resource) => [resource.urn, resource]));
  const seen = new Set<string>();
  const open = [start.urn];
  for (let urn = open.pop(); urn !== undefined; urn = open.pop()) {
    const resource = byUrn.get(urn);
    const next = [
      ...(resource?.dependsOn ?? []),
      ...(resource?.provider === undefined ? [] : [resource.provider]),
    ];
    for (const one of next) if (!seen.has(one)) open.push(one);
    for (const one of next) seen.add(one);
  }
  return new Set([...seen].map(shownUrn));
}

/** Whether a resource belongs to a tenant: is its component or below it. */
export function tenantOf(recording: Recording, resource: ResourceRecord): string | undefined {
  const byUrn = new Map(recording.resources.map((one) => [one.urn, one]));
  for (let at: ResourceRecord | undefined = resource; at !== undefined; at = byUrn.get(at.parent ?? ""))
    if (at.type === "atalaya:tenant:Tenant") return at.name;
  return undefined;
}

export interface Changes {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Inputs, protection or what it waits for. */
  readonly changed: readonly string[];
}

/** What one environment needs to become another. What a resource waits for is left out: it changes nothing by itself. */
export function changes(before: Recording, after: Recording): Changes {
  const state = ({ inputs, protect }: ResourceRecord) => JSON.stringify({ inputs, protect });
  const old = new Map(before.resources.map((resource) => [resource.urn, state(resource)]));
  const now = new Set(after.resources.map(({ urn }) => urn));
  const describe = (resources: readonly ResourceRecord[]) => resources.map(shown).sort();
  return {
    added: describe(after.resources.filter(({ urn }) => !old.has(urn))),
    removed: describe(before.resources.filter(({ urn }) => !now.has(urn))),
    changed: describe(
      after.resources.filter(
        (resource) => old.has(resource.urn) && old.get(resource.urn) !== state(resource),
      ),
    ),
  };
}
