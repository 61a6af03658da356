/**
 * What we compare ourselves with: a plain SDK program with the SDK's own mocks, run by tsx, that registers the same number and
 * kinds of resources, with the same inputs, at once.
 *
 *   node --import tsx bench/plain.ts PROFILE.json
 */
import { readFileSync } from "node:fs";
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

async function main(): Promise<void> {
  const file = process.argv[2];
  if (file === undefined) throw new Error("usage: plain.ts PROFILE.json");
  const { types } = JSON.parse(readFileSync(file, "utf8")) as Profile;
  await pulumi.runtime.setMocks(
    {
      newResource: ({ name, inputs }) => ({ id: `${name}-id`, state: inputs as object }),
      call: ({ inputs }) => inputs as object,
    },
    "atalaya",
    "bench",
    true,
  );
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
  await pulumi.runtime.disconnect();
  console.log(`${registered} resources`);
}

void main();
