import * as pulumi from "@pulumi/pulumi";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { loadInputs } from "../../src/config";
import type { Recording, ResourceRecord } from "../../src/model/recording";
import { configSecretMarker } from "../../src/preview/markers";
import { record } from "../../src/preview/recorder";
import { defineEnvironment } from "../../src/stack/program";
import { renderStack } from "../../src/stack/render";

const ROOT = join(__dirname, "..", "..");

/** The shipped list in the shipped dev environment, as the program declares it. */
export function recordShipped(): Promise<Recording> {
  const { environment, tenants, stackConfig } = loadInputs(ROOT, "dev");
  const program = () =>
    defineEnvironment({
      ...renderStack(environment, tenants),
      authImage: { context: ".cache/auth-image", tag: "0123456789ab" },
      secret: (key) => pulumi.secret(configSecretMarker(key)),
    });
  return record(program, { project: "atalaya", stack: "dev", config: stackConfig.config });
}

/** A resource whose properties a test may change. */
export interface Editable extends Omit<ResourceRecord, "inputs" | "dependsOn" | "protect" | "secrets"> {
  inputs: Record<string, unknown>;
  dependsOn: readonly string[];
  protect: boolean;
  secrets: readonly string[];
}

/** Changes one resource of a copy. `name` is `Container envoy-files`; with several of that name, the path of its URN tells. */
export const edit =
  (name: string, change: (resource: Editable, recording: Recording) => void, within = "") =>
  (recording: Recording): Recording => {
    const [kind = "", own = ""] = name.split(" ");
    const found = recording.resources.filter(
      (resource) =>
        resource.type.endsWith(`:${kind}`) && resource.name === own && resource.urn.includes(within),
    );
    const [target] = found;
    if (found.length !== 1 || target === undefined)
      throw new Error(`${found.length} resources are "${name}"`);
    const copy = structuredClone(target) as Editable;
    change(copy, recording);
    return {
      ...recording,
      resources: recording.resources.map((resource) => (resource === target ? copy : resource)),
    };
  };

export const without =
  (match: (resource: ResourceRecord) => boolean) =>
  (recording: Recording): Recording => ({
    ...recording,
    resources: recording.resources.filter((resource) => !match(resource)),
  });

interface Upload {
  file: string;
  content: string;
}

/** Changes the text of a file, wherever it is uploaded. */
export const editFile =
  (path: string, change: (content: string) => string) =>
  (recording: Recording): Recording => {
    let count = 0;
    const resources = recording.resources.map((resource) => {
      const uploads = resource.inputs["uploads"] as readonly Upload[] | undefined;
      if (uploads?.some(({ file }) => file === path) !== true) return resource;
      count++;
      const changed = uploads.map((upload) =>
        upload.file === path ? { ...upload, content: change(upload.content) } : upload,
      );
      return { ...resource, inputs: { ...resource.inputs, uploads: changed } };
    });
    if (count !== 1) throw new Error(`${count} containers bring ${path}`);
    return { ...recording, resources };
  };

/** Changes the document in a YAML or JSON file. */
export const editDocument = (path: string, change: (document: never) => void) =>
  editFile(path, (content) => {
    const document: unknown = parse(content);
    change(document as never);
    return path.endsWith(".json") ? JSON.stringify(document) : stringify(document);
  });

/** Replaces a text that must be there. */
export const replace =
  (from: string | RegExp, to: string) =>
  (content: string): string => {
    const changed = content.replace(from, to);
    if (changed === content) throw new Error(`"${String(from)}" is not in the file`);
    return changed;
  };
