import type { ResourceRecord } from "../../src/model/recording";
import type { Context } from "./context";
import { isCredential, isCredentialVariable, markersIn } from "./credentials";
import { nothing, type Rule, type Violation } from "./rule";
import { entry, isSecretPath, leaves, text, UNKNOWN, type Leaf } from "./values";

/** Outputs of these are secrets, whatever they are called; an engine hands them over among the resource's properties. */
const GENERATORS = /^(random:index\/random(Password|Bytes):|tls:index\/privateKey:)/;
const GENERATED = ["result", "base64", "hex", "privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"];
/** Shorter values are no secrets of ours, but words that also stand elsewhere. */
const SHORTEST = 12;
const REMEDY =
  "Hand it over as a secret (pulumi.secret) or, better, as a secret file: this is shown in previews, logs and states.";

export const secretsStaySecret: Rule = {
  name: "secrets-stay-secret",
  description:
    "No secret stands in a plain input, file, label, command or output: previews and states would show it to everybody.",
  check: (context) => {
    const { resources } = context.recording;
    const known = secretValues(context);
    // Before an update an engine knows where secrets will come from, but none of them.
    if (known.size === 0 && !resources.some(({ type }) => GENERATORS.test(type))) return [nothing("secret")];
    return [...resources.flatMap((resource) => inResource(resource, known)), ...inOutputs(context, known)];
  },
};

/** Values that are secrets somewhere, and where. */
function secretValues({ recording }: Context): ReadonlyMap<string, string> {
  const known = new Map<string, string>();
  for (const resource of recording.resources)
    for (const leaf of leaves(resource.inputs)) {
      const value = text(leaf.value);
      if (value === undefined || value.length < SHORTEST || value.includes(UNKNOWN)) continue;
      const generated = GENERATORS.test(resource.type) && GENERATED.includes(leaf.key);
      const handedOver = isSecretPath(leaf.path, resource.secrets ?? []) && isCredential(leaf);
      if (generated || handedOver) entry(known, value, () => resource.name);
    }
  return known;
}

function inResource(resource: ResourceRecord, known: ReadonlyMap<string, string>): readonly Violation[] {
  const { secrets, inputs, type } = resource;
  return [...leaves(inputs)].flatMap((leaf) => {
    const value = text(leaf.value);
    if (value === undefined || value === "" || isSecretPath(leaf.path, secrets ?? [])) return [];
    // An engine does not say what is secret, so there only what everybody may read is looked at.
    if (secrets === undefined && !isPublic(leaf.path)) return [];
    if (GENERATORS.test(type) && GENERATED.includes(leaf.key)) return [];
    const problem =
      plainSecret(leaf, value, known) ?? (secrets === undefined ? undefined : plainCredential(leaf, value));
    return problem === undefined
      ? []
      : [{ resource, message: `${resource.name}: ${leaf.path} ${problem}.`, remedy: REMEDY }];
  });
}

const isPublic = (path: string): boolean => /^(labels|command|entrypoints|name|description)\b/.test(path);

/** A secret of somewhere else, by its marker or its value; in Base64 as well. */
function plainSecret({ key }: Leaf, value: string, known: ReadonlyMap<string, string>): string | undefined {
  const written = key === "contentBase64" ? Buffer.from(value, "base64").toString("utf8") : value;
  const [marker] = markersIn(written);
  if (marker !== undefined) return `holds the secret ${marker} in plain`;
  const whose = [written, ...words(written)]
    .map((word) => known.get(word))
    .find((name) => name !== undefined);
  return whose === undefined ? undefined : `holds a secret of ${whose} in plain`;
}

const words = (value: string): readonly string[] =>
  value.split(/[\s"'`=:;,(){}[\]<>|&@/]+/).filter((word) => word.length >= SHORTEST);

function plainCredential(leaf: Leaf, value: string): string | undefined {
  const { path } = leaf;
  if (path.startsWith("uploads[")) return undefined;
  if (path.startsWith("envs[")) {
    const [name = "", ...rest] = value.split("=");
    return isCredentialVariable(name) && rest.join("=") !== ""
      ? `sets ${name}, which is not a secret`
      : undefined;
  }
  return isCredential(leaf) && value !== UNKNOWN ? "is a credential, but not a secret" : undefined;
}

function inOutputs({ recording }: Context, known: ReadonlyMap<string, string>): readonly Violation[] {
  const { outputs, secretOutputs } = recording;
  return [...leaves(outputs)].flatMap((leaf) => {
    const value = text(leaf.value);
    if (value === undefined || isSecretPath(leaf.path, secretOutputs)) return [];
    const problem =
      plainSecret(leaf, value, known) ??
      (isCredential(leaf) ? "is a credential, but not a secret" : undefined);
    return problem === undefined
      ? []
      : [{ message: `The stack output ${leaf.path} ${problem}.`, remedy: REMEDY }];
  });
}
