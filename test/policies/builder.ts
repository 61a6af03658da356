import { stringify } from "yaml";
import { evaluate, type Finding } from "../../policies/rules";
import type { Rule } from "../../policies/rules/rule";
import type { Recording, ResourceRecord } from "../../src/model/recording";

export interface Options {
  readonly parent?: ResourceRecord;
  readonly protect?: boolean;
  readonly dependsOn?: readonly ResourceRecord[];
  readonly provider?: ResourceRecord;
  /** `null` for an engine, which does not say. */
  readonly secrets?: readonly string[] | null;
}

/** A resource as a recorder gives it. Resources of one type and name are told apart by their parents. */
export function resource(
  type: string,
  name: string,
  inputs: object = {},
  options: Options = {},
): ResourceRecord {
  const { parent, protect = false, dependsOn = [], provider, secrets = [] } = options;
  const qualified = parent === undefined ? type : `${parent.urn.split("::")[2] ?? ""}$${type}`;
  return {
    urn: `urn:pulumi:dev::atalaya::${qualified}::${name}`,
    type,
    name,
    custom: !type.startsWith("atalaya:"),
    ...(parent !== undefined && { parent: parent.urn }),
    inputs: inputs as ResourceRecord["inputs"],
    ...(secrets !== null && { secrets }),
    protect,
    dependsOn: dependsOn.map(({ urn }) => urn).sort(),
    ...(provider !== undefined && { provider: provider.urn }),
  };
}

export const recording = (
  resources: readonly ResourceRecord[],
  rest: Partial<Pick<Recording, "outputs" | "secretOutputs">> = {},
): Recording => ({
  project: "atalaya",
  stack: "dev",
  resources: [...resources].sort((a, b) => (a.urn < b.urn ? -1 : 1)),
  outputs: {},
  secretOutputs: [],
  ...rest,
});

export const tenant = (id: string): ResourceRecord => resource("atalaya:tenant:Tenant", id);

/** What every container of ours has. */
const CONFINED = {
  capabilities: { drops: ["ALL"] },
  securityOpts: ["no-new-privileges:true"],
  user: "1000:1000",
};

/** A process's container, `atalaya-dev-mimir`, or with a dot one of its helpers: `mimir.files`. */
export const container = (name: string, inputs: object = {}, options: Options = {}): ResourceRecord =>
  resource(
    "docker:index/container:Container",
    name,
    { name: `atalaya-dev-${name}`, ...CONFINED, ...inputs },
    options,
  );

export const network = (name: string, inputs: object = {}, options: Options = {}): ResourceRecord =>
  resource(
    "docker:index/network:Network",
    name,
    { name: `atalaya-dev-${name}`, internal: true, ...inputs },
    options,
  );

export const on = (...networks: readonly string[]) => ({
  networksAdvanced: networks.map((name) => ({ name: `atalaya-dev-${name}` })),
});

/** The container that writes a process's files, by their paths. What is not text is written as YAML or JSON. */
export function files(
  service: string,
  contents: Readonly<Record<string, unknown>>,
  options: Options = {},
): ResourceRecord {
  const uploads = Object.entries(contents).map(([file, content]) => ({
    file,
    content: written(file, content),
  }));
  return container(`${service}.files`, { uploads, networkMode: "none" }, options);
}

function written(path: string, content: unknown): string {
  if (typeof content === "string") return content;
  return path.endsWith(".json") ? JSON.stringify(content) : stringify(content);
}

/** What a rule finds in these resources. */
export const judge = (
  rule: Rule,
  resources: readonly ResourceRecord[],
  rest?: Parameters<typeof recording>[1],
): readonly Finding[] => evaluate(recording(resources, rest), [rule]).violations;

/** The messages alone: what most tests compare. */
export const messages = (...args: Parameters<typeof judge>): readonly string[] =>
  judge(...args).map(({ message }) => message);

/** What a rule says that has found nothing of what it is there for. */
export const nothingOf = (what: string): string =>
  `No ${what} was found in this environment, so nothing was checked.`;
