import { isRecord, list, text } from "./values";
import type { Plan, PlannedResource } from "../plan";
import type { Role } from "./types";

export const CONTAINER = "docker:index/container:Container";
const VOLUME = "docker:index/volume:Volume";
/** On a process' own container only: components/docker/container.ts. */
export const CONFIGURATION = "atalaya.configuration";

const BY_TYPE: Readonly<Record<string, Role>> = {
  "docker:index/network:Network": "network",
  "docker:index/remoteImage:RemoteImage": "image",
  "docker:index/image:Image": "image",
  "keycloak:index/realm:Realm": "realm",
  "keycloak:openid/client:Client": "credential",
  "grafana:oss/organization:Organization": "organisation",
};

/** Generated secrets. A tenant's anchor is generated too, and opens nothing. */
const GENERATED = /^(random:index\/randomPassword:|tls:index\/privateKey:)/;

/** What every resource of a plan is for. */
export class Roles {
  /** Docker's names of the volumes that a process only reads. */
  readonly #readOnly = new Set<string>();

  constructor({ resources }: Pick<Plan, "resources">) {
    for (const resource of resources) {
      if (resource.type !== CONTAINER || containerRole(resource) !== "process") continue;
      for (const mount of list(resource.inputs["volumes"]))
        if (isRecord(mount) && mount["readOnly"] === true)
          this.#readOnly.add(text(mount["volumeName"]) ?? "");
    }
  }

  of(resource: PlannedResource): Role {
    const { type, inputs, protect } = resource;
    if (type === CONTAINER) return containerRole(resource);
    // One that nobody mounts may hold what somebody wants.
    if (type === VOLUME) return this.#readOnly.has(text(inputs["name"]) ?? "") ? "file-volume" : "data";
    if (GENERATED.test(type)) return protect ? "data-password" : "credential";
    return BY_TYPE[type] ?? "other";
  }
}

function containerRole({ inputs }: PlannedResource): Role {
  if (labelOf(inputs, CONFIGURATION) !== undefined) return "process";
  return inputs["uploads"] === undefined ? "helper" : "writer";
}

export function labelOf(inputs: PlannedResource["inputs"], name: string): string | undefined {
  for (const label of list(inputs["labels"]))
    if (isRecord(label) && label["label"] === name) return text(label["value"]);
  return undefined;
}
