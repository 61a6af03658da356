import { orgId, PLATFORM_TENANT } from "../../src/model/names";
import { formatDuration, parseDuration, type Seconds } from "../../src/model/units";
import type { Context } from "./context";
import type { PlacedFile } from "./files";
import { nothing, type Rule, type Violation } from "./rule";
import { SETTINGS_FILE, type Kept, type Settings } from "./settings";
import { at, fields, list, text } from "./values";

interface Backend {
  readonly signal: Kept;
  /** Where its own file says how long it keeps what nobody's block is for: what a removed tenant left. */
  readonly fallback: readonly string[];
  /** Where a tenant's block says it. */
  readonly own: readonly string[];
}

/** Fields as in Mimir 3, Loki 3.7 and Tempo 3. */
const BACKENDS: Readonly<Record<string, Backend>> = {
  mimir: {
    signal: "metrics",
    fallback: ["limits", "compactor_blocks_retention_period"],
    own: ["compactor_blocks_retention_period"],
  },
  loki: { signal: "logs", fallback: ["limits_config", "retention_period"], own: ["retention_period"] },
  tempo: {
    signal: "traces",
    fallback: ["overrides", "defaults", "compaction", "block_retention"],
    own: ["compaction", "block_retention"],
  },
};

export const retentionHasAnEnd: Rule = {
  name: "retention-has-an-end",
  description:
    "Nothing is kept for ever, and nothing longer than the environment and policies/settings.json allow: unset or 0 means for ever.",
  check: (context) =>
    Object.entries(BACKENDS).flatMap(([name, backend]) => checkBackend(context, name, backend)),
};

function checkBackend(context: Context, name: string, backend: Backend): readonly Violation[] {
  const own = context.files.filter(({ container }) => container.service === name);
  const config = own.find(({ path }) => path.endsWith(`/${name}.yaml`));
  if (config === undefined) return [nothing(`configuration of ${name} (${name}.yaml)`)];
  const overrides = own.find(({ kind, path }) => kind === "live" && path.endsWith("/overrides.yaml"));
  const maximum = maximumOf(context.settings, config, backend);
  return [
    ...(name === "loki" ? unused(config) : []),
    ...fallback(context.settings, config, name, backend),
    ...(overrides === undefined ? [] : tenants(context, overrides, name, backend, maximum)),
  ];
}

/** Loki alone does not look at retention unless it is told to. */
const unused = (config: PlacedFile): readonly Violation[] =>
  at(config.parse(), "compactor", "retention_enabled") === true
    ? []
    : [
        {
          resource: config.resource,
          message: "loki keeps logs for ever: compactor.retention_enabled is not true.",
          remedy: 'Write "retention_enabled: true" in src/render/loki.ts: without it no retention counts.',
        },
      ];

interface Maximum {
  readonly seconds: Seconds;
  /** Who says so. */
  readonly by: string;
}

function maximumOf(
  settings: Settings,
  config: PlacedFile,
  { signal, fallback }: Backend,
): Maximum | undefined {
  const set = settings.maximumRetention[signal];
  const seconds = period(at(config.parse(), ...fallback));
  // Whichever is shorter: neither owner lengthens what the other allows.
  if (set !== undefined && (seconds === undefined || set <= seconds))
    return { seconds: set, by: `maximumRetention.${signal} in ${SETTINGS_FILE}` };
  return seconds === undefined ? undefined : { seconds, by: "atalaya:maximumRetention of this environment" };
}

/** A period that ends. */
function period(value: unknown): Seconds | undefined {
  const seconds = parseDuration(text(value) ?? "");
  return seconds === 0 ? undefined : seconds;
}

function fallback(
  { maximumRetention }: Settings,
  { resource, parse }: PlacedFile,
  name: string,
  { signal, fallback: path }: Backend,
): readonly Violation[] {
  const value = at(parse(), ...path);
  const seconds = period(value);
  const maximum = maximumRetention[signal];
  const violation = (problem: string, remedy: string): readonly Violation[] => [
    { resource, message: `${name} keeps ${signal} of removed tenants ${problem}.`, remedy },
  ];
  if (seconds === undefined)
    return violation(
      `for ever (${path.join(".")} is ${JSON.stringify(value ?? "unset")})`,
      `Set it to the environment's maximum in src/render/${name}.ts.`,
    );
  return maximum === undefined || seconds <= maximum
    ? []
    : violation(
        `for ${formatDuration(seconds)}, longer than ${formatDuration(maximum)}`,
        `Lower atalaya:maximumRetention.${signal} of this environment, or raise maximumRetention.${signal} in ${SETTINGS_FILE}.`,
      );
}

function tenants(
  { tenants: { byOrgId } }: Context,
  { resource, parse }: PlacedFile,
  name: string,
  { signal, own }: Backend,
  maximum: Maximum | undefined,
): readonly Violation[] {
  return Object.entries(fields(fields(parse())["overrides"])).flatMap(([org, block]) => {
    const tenant = org === orgId(PLATFORM_TENANT) ? PLATFORM_TENANT : byOrgId.get(org)?.id;
    return periods(block, own).flatMap(({ where, value }) => {
      const seconds = period(value);
      // A block that lacks it is another rule's: the backends differ in what that means.
      if (value === undefined || (seconds !== undefined && seconds <= (maximum?.seconds ?? seconds)))
        return [];
      const length =
        seconds === undefined ? `for ever (${JSON.stringify(value)})` : `for ${formatDuration(seconds)}`;
      const than =
        seconds === undefined || maximum === undefined
          ? ""
          : `, longer than ${formatDuration(maximum.seconds)}`;
      return [
        {
          resource,
          ...(tenant !== undefined && { tenant }),
          message: `${name} keeps ${signal} of ${org} ${length}${than} (${where}).`,
          remedy: `Shorten retention.${signal} of ${tenant ?? org} in the tenant list${maximum === undefined ? "" : `, or raise ${maximum.by}`}.`,
        },
      ];
    });
  });
}

/** How long a block keeps what, Loki's single streams included. */
function periods(block: unknown, own: readonly string[]) {
  const streams = list(fields(block)["retention_stream"]).map((stream) => ({
    where: `retention_stream ${text(fields(stream)["selector"]) ?? ""}`,
    value: fields(stream)["period"] ?? "unset",
  }));
  return [{ where: own.join("."), value: at(block, ...own) }, ...streams];
}
