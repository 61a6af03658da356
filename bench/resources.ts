import * as pulumi from "@pulumi/pulumi";
import type { Profile } from "./profile";

type ResourceClass = new (name: string, args: object) => pulumi.Resource;
type Module = { readonly [name: string]: Module } & object;

const PACKAGES: Readonly<Record<string, string>> = {
  docker: "@pulumi/docker",
  grafana: "@pulumiverse/grafana",
  keycloak: "@pulumi/keycloak",
  kubernetes: "@pulumi/kubernetes",
  random: "@pulumi/random",
  tls: "@pulumi/tls",
};

/** `keycloak:openid/client:Client` is `keycloak.openid.Client`, `kubernetes:helm.sh/v3:Release` `kubernetes.helm.v3.Release`. */
function classPath(module: string, name: string): readonly string[] {
  const [group = "", version = ""] = module.split("/");
  const parts = [group.split(".")[0] ?? "", ...(/^v\d/.test(version) ? [version] : [])];
  return [...parts.filter((part) => part !== "index"), name];
}

async function classOf(type: string): Promise<ResourceClass> {
  const [provider = "", module = "", name = ""] = type.split(":");
  const isProvider = provider === "pulumi" && module === "providers";
  const from = PACKAGES[isProvider ? name : provider];
  if (from === undefined) {
    return class extends pulumi.ComponentResource {
      constructor(ownName: string, args: object) {
        super(type, ownName, args);
        this.registerOutputs({});
      }
    };
  }
  const root = (await import(from)) as Module;
  const path = isProvider ? ["Provider"] : classPath(module, name);
  const found = path.reduce<Module | undefined>((at, part) => at?.[part], root);
  if (typeof found !== "function") throw new Error(`${from} has no ${path.join(".")}`);
  return found;
}

/**
 * Registers a profile's resources as a plain program does: at once, below nothing, and nothing waits for anything. Returns how
 * many.
 */
export async function registerAll({ types }: Profile): Promise<number> {
  const classes = await Promise.all(types.map(({ type }) => classOf(type)));
  let registered = 0;
  for (const [index, { type, count, inputs }] of types.entries()) {
    const Resource = classes[index];
    if (Resource === undefined) continue;
    for (let copy = 0; copy < count; copy++) {
      new Resource(`${type}-${copy}`, inputs[copy % inputs.length] ?? {});
      registered++;
    }
  }
  return registered;
}
