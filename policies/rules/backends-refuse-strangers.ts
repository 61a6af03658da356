import type { Context } from "./context";
import { nothing, type Rule, type Violation } from "./rule";
import { at } from "./values";

interface Backend {
  /** Where its own file names the one with the tenants' limits. */
  readonly overrides: readonly string[];
  /** The quota of an organisation that no list names, in the backend's own fields. */
  readonly strangers: readonly (readonly string[])[];
}

/** Fields as in Mimir 3, Loki 3.7 and Tempo 3. */
const BACKENDS: Readonly<Record<string, Backend>> = {
  mimir: {
    overrides: ["runtime_config", "file"],
    strangers: [
      ["limits", "ingestion_rate"],
      ["limits", "ingestion_burst_size"],
    ],
  },
  loki: {
    overrides: ["runtime_config", "file"],
    strangers: [
      ["limits_config", "ingestion_rate_mb"],
      ["limits_config", "ingestion_burst_size_mb"],
    ],
  },
  tempo: {
    overrides: ["overrides", "per_tenant_override_config"],
    strangers: [
      ["overrides", "defaults", "ingestion", "rate_limit_bytes"],
      ["overrides", "defaults", "ingestion", "burst_size_bytes"],
    ],
  },
};

export const backendsRefuseStrangers: Rule = {
  name: "backends-refuse-strangers",
  description:
    "Mimir, Loki and Tempo read the file with the tenants' limits, and take nothing for an organisation that it does not name.",
  check: (context) =>
    Object.entries(BACKENDS).flatMap(([name, backend]) => checkBackend(context, name, backend)),
};

function checkBackend(
  { files }: Context,
  name: string,
  { overrides, strangers }: Backend,
): readonly Violation[] {
  const own = files.filter(({ container }) => container.service === name);
  const configs = own.filter(({ path }) => path.endsWith(`/${name}.yaml`));
  if (configs.length === 0) return [nothing(`configuration of ${name} (${name}.yaml)`)];
  const live = own
    .filter(({ kind, path }) => kind === "live" && path.endsWith("/overrides.yaml"))
    .map(({ path }) => path);
  return configs.flatMap((file) => {
    const read = at(file.parse(), ...overrides);
    return [
      ...(live.some((path) => path === read)
        ? []
        : [
            {
              resource: file.resource,
              message: `${name} reads tenants' limits from ${JSON.stringify(read ?? "nowhere")}, and they are in ${live.join(", ") || "no file"}.`,
              remedy: `Set ${overrides.join(".")} in src/render/${name}.ts to the file that is written: else every tenant has the defaults.`,
            },
          ]),
      ...strangers
        .filter((path) => at(file.parse(), ...path) !== 0)
        .map((path) => ({
          resource: file.resource,
          message: `${name}: ${path.join(".")} is ${JSON.stringify(at(file.parse(), ...path) ?? "unset")} for organisations that no list names.`,
          remedy: `Set it to 0 in src/render/${name}.ts: data of a name that is nobody's must be refused, not kept.`,
        })),
    ];
  });
}
