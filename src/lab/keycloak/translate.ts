import type { Recording, ResourceRecord } from "../../model/recording";
import { idOf } from "../../preview/computed";
import { Labels } from "../../preview/markers";
import { UNKNOWN } from "../../preview/wire";
import { CLIENT_KINDS } from "./client-kinds";
import { unknownProperties, write } from "./fields";
import type { DeclaredResource, Kind } from "./kinds";
import { POLICY_KINDS } from "./policy-kinds";
import { REALM_KINDS } from "./realm-kinds";
import type { Secrets } from "./secrets";
import type { Step } from "./steps";

/** The types that the translator knows, and of each the properties. */
export const KINDS: Readonly<Record<string, Kind>> = { ...REALM_KINDS, ...CLIENT_KINDS, ...POLICY_KINDS };

/** A recording holds what the translator does not know: everything that it is, at once. */
export class TranslationError extends Error {
  override readonly name = "TranslationError";
  constructor(readonly problems: readonly string[]) {
    super(
      `The lab cannot declare this to Keycloak:\n${problems.map((problem) => `- ${problem}`).join("\n")}`,
    );
  }
}

/**
 * What the Keycloak resources of a recording ask of Keycloak's admin API, in an order in which each finds what it refers to.
 * Ids are still those that the recording made up. Throws {@link TranslationError}.
 */
export function translate(recording: Recording, secrets: Secrets): readonly Step[] {
  secrets.learn(recording);
  const labels = new Labels();
  const problems: string[] = [];
  const steps = new Map<string, Step>();
  for (const resource of recording.resources) {
    const label = labels.next(resource.type, resource.name);
    if (!resource.type.startsWith("keycloak:")) continue;
    const found = problemsOf(resource, label);
    problems.push(...found.map((problem) => `${resource.name} (${resource.type}): ${problem}`));
    if (found.length > 0) continue;
    try {
      steps.set(resource.urn, stepOf(resource, label, secrets));
    } catch (error) {
      problems.push(`${resource.name} (${resource.type}): ${(error as Error).message}`);
    }
  }
  if (problems.length > 0) throw new TranslationError(problems);
  return inOrder(recording.resources).flatMap(({ urn }) => steps.get(urn) ?? []);
}

function problemsOf({ type, name, inputs }: ResourceRecord, label: string): readonly string[] {
  const kind = KINDS[type];
  if (kind === undefined) return ["a type it does not know"];
  const problems = unknownProperties(kind.fields, inputs).map((property) => `${property}: not known to it`);
  if (label !== name) problems.push("a second resource of this type and name");
  if (JSON.stringify(inputs).includes(UNKNOWN)) problems.push("a value that only a real engine knows");
  return problems;
}

function stepOf({ urn, type, protect, inputs }: ResourceRecord, label: string, secrets: Secrets): Step {
  const kind = KINDS[type];
  if (kind === undefined) throw new Error("a type it does not know");
  const revealed = secrets.reveal(inputs);
  const declared: DeclaredResource = {
    inputs: revealed,
    body: write(kind.fields, revealed, structuredClone(kind.defaults ?? {})),
    secret: (property) => secrets.ofOutput(type, label, property),
  };
  const step = kind.step(declared);
  if (step.kind !== "object") return { ...step, urn, protect };
  return { ...step, urn, protect, id: idOf({ type, label, inputs, number: () => 0 }) };
}

/** Each after those it depends on, else as they are. */
function inOrder(resources: readonly ResourceRecord[]): readonly ResourceRecord[] {
  const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  const ordered = new Set<ResourceRecord>();
  const visiting = new Set<ResourceRecord>();
  const visit = (resource: ResourceRecord): void => {
    if (ordered.has(resource) || visiting.has(resource)) return;
    visiting.add(resource);
    for (const urn of resource.dependsOn) {
      const other = byUrn.get(urn);
      if (other !== undefined) visit(other);
    }
    ordered.add(resource);
  };
  for (const resource of resources) visit(resource);
  return [...ordered];
}
