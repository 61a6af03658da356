import type { Context } from "./context";
import { nothing, type Rule, type Violation } from "./rule";
import { at, text } from "./values";

interface Demand {
  readonly path: readonly string[];
  /** `true`, or `false` that is written down: the programs' own defaults differ and change. */
  readonly value: boolean;
}

/** What each backend must say in its own file. Fields as in Mimir 3, Loki 3.7 and Tempo 3. */
const BACKENDS: Readonly<Record<string, { readonly demands: readonly Demand[]; readonly flags: RegExp }>> = {
  mimir: {
    demands: [
      { path: ["multitenancy_enabled"], value: true },
      { path: ["tenant_federation", "enabled"], value: false },
    ],
    flags: /^--?(auth\.(multitenancy-enabled|no-auth-tenant)|tenant-federation\.)/,
  },
  loki: {
    demands: [
      { path: ["auth_enabled"], value: true },
      { path: ["querier", "multi_tenant_queries_enabled"], value: false },
    ],
    flags: /^--?(auth\.enabled|querier\.multi-tenant-queries-enabled)/,
  },
  tempo: {
    demands: [
      { path: ["multitenancy_enabled"], value: true },
      { path: ["query_frontend", "multi_tenant_queries_enabled"], value: false },
    ],
    flags: /^--?(auth\.enabled|multitenancy\.enabled|query-frontend\.multi-tenant-queries-enabled)/,
  },
};

function checkBackend(name: string, context: Context): readonly Violation[] {
  const { demands, flags } = BACKENDS[name] ?? { demands: [], flags: /$^/ };
  const containers = context.containers.filter(({ service }) => service === name);
  const configs = containers
    .flatMap(({ files }) => files)
    .filter(({ path }) => path.endsWith(`/${name}.yaml`));
  if (configs.length === 0) return [nothing(`configuration of ${name} (${name}.yaml)`)];
  const wrong = configs.flatMap((file) =>
    demands
      .filter(({ path, value }) => at(file.parse(), ...path) !== value)
      .map(({ path, value }) => ({
        resource: file.resource,
        message: `${name}: ${path.join(".")} is ${JSON.stringify(at(file.parse(), ...path) ?? "unset")} in ${file.path}.`,
        remedy: `Write "${path.join(".")}: ${value ? "true" : "false"}" in src/render/${name}.ts: tenants share this process.`,
      })),
  );
  // A flag outranks the file.
  const flagged = containers.flatMap(({ resource }) =>
    [resource.inputs["command"], resource.inputs["entrypoints"]]
      .flat()
      .flatMap((argument) => text(argument) ?? [])
      .filter((argument) => flags.test(argument))
      .map((argument) => ({
        resource,
        message: `${name}: the command line sets ${argument}, which outranks the checked file.`,
        remedy: `Take it out of the command of ${name} and set it in src/render/${name}.ts.`,
      })),
  );
  return [...wrong, ...flagged];
}

export const backendsKeepTenantsApart: Rule = {
  name: "backends-keep-tenants-apart",
  description:
    "Mimir, Loki and Tempo run with several tenants apart and refuse requests that name more than one of them.",
  check: (context) => Object.keys(BACKENDS).flatMap((name) => checkBackend(name, context)),
};
