import { isIPv6 } from "node:net";
import type { Environment, Publish } from "../model/environment";
import { PORTS, SHARED_SERVICES } from "../model/services";
import { duration } from "../model/units";
import { stackSchema, type ParsedStack } from "./environment-schema";
import { checkClientSecrets, checkIdentityProviders, checkPorts, checkStackName } from "./environment-checks";
import { ConfigError, type Problem } from "./problems";
import { Report, type Locate } from "./report";
import { decodeStack, PROJECT } from "./stack-values";
import { reportIssues } from "./schema-problems";
import { DEFAULT_SIZES } from "./sizes";
import { checkUpstreams, upstreamOf } from "./upstreams";

export interface StackOptions {
  /** Names of the stack's config secrets, without project: never taken for misspelt settings. */
  readonly secretKeys?: readonly string[];
  /** Where keys and values stand in the stack's file, see {@link loadStackConfig}. */
  readonly locate?: Locate;
}

export interface StackSettings {
  readonly environment: Environment;
  /** Path of the tenant list, relative to the project's root. */
  readonly tenants: string;
  /** What is allowed but should be deliberate. */
  readonly warnings: readonly Problem[];
}

/** The same as {@link parseStack}, without the path of the tenant list and without warnings. */
export const parseEnvironment = (
  stack: string,
  raw: ReadonlyMap<string, string>,
  file: string,
  options: StackOptions = {},
): Environment => parseStack(stack, raw, file, options).environment;

/**
 * An environment from the stack's configuration as Pulumi's engine gives it: `atalaya:host` to text, objects as JSON. Keys
 * of other namespaces are left alone. Throws {@link ConfigError} with everything that is wrong.
 */
export function parseStack(
  stack: string,
  raw: ReadonlyMap<string, string>,
  file: string,
  options: StackOptions = {},
): StackSettings {
  const report = decodeStack(raw, file, options);
  checkStackName(report, stack);
  const result = stackSchema.safeParse(report.source.value);
  if (!result.success) reportIssues(report, stackSchema, result.error.issues);
  checkPorts(report);
  checkIdentityProviders(report, options.secretKeys);
  checkClientSecrets(report);
  checkUpstreams(report);
  const problems = report.problems.map(withNamespace);
  if (!result.success || problems.length > 0) throw new ConfigError(problems);
  const environment = environmentOf(stack, result.data);
  const warnings = new Report(report.source);
  warn(warnings, environment);
  return {
    environment,
    tenants: result.data.tenants ?? "tenants.yaml",
    warnings: warnings.problems.map(withNamespace),
  };
}

/** Readers know their settings as `atalaya:publish.ports.grafana`. */
const withNamespace = (problem: Problem): Problem =>
  problem.path === "" ? problem : { ...problem, path: `${PROJECT}:${problem.path}` };

function environmentOf(name: string, parsed: ParsedStack): Environment {
  const { maximumRetention } = parsed;
  return {
    name,
    host: parsed.host,
    domain: parsed.domain,
    publish: publishOf(parsed.publish),
    debugPorts: parsed.debugPorts ?? false,
    ...(parsed.imageRegistry !== undefined && { imageRegistry: parsed.imageRegistry }),
    capacity: parsed.capacity,
    overCapacity: parsed.overCapacity ?? "error",
    maximumRetention: {
      metrics: maximumRetention?.metrics ?? duration("400d"),
      logs: maximumRetention?.logs ?? duration("400d"),
      traces: maximumRetention?.traces ?? duration("90d"),
    },
    sizes: sizesOf(parsed.sizes),
    trustedProxies: parsed.trustedProxies ?? 0,
    identityProviders: parsed.identityProviders ?? [],
    upstreams: (parsed.upstreams ?? []).map(upstreamOf),
    demonstrationUsers: parsed.demonstrationUsers ?? false,
    ...(parsed.clientSecrets !== undefined && {
      clientSecrets: { ...parsed.clientSecrets, leaked: parsed.clientSecrets.leaked ?? {} },
    }),
  };
}

const publishOf = (parsed: ParsedStack["publish"]): Publish => ({
  address: parsed?.address ?? "127.0.0.1",
  ports: {
    otlpGrpc: parsed?.ports?.otlpGrpc ?? PORTS.envoy.otlpGrpc,
    otlpHttp: parsed?.ports?.otlpHttp ?? PORTS.envoy.otlpHttp,
    keycloak: parsed?.ports?.keycloak ?? PORTS.keycloak.http,
    grafana: parsed?.ports?.grafana ?? PORTS.grafana.http,
  },
});

const sizesOf = (parsed: ParsedStack["sizes"]): Environment["sizes"] =>
  Object.fromEntries(
    ([...SHARED_SERVICES, "agent"] as const).map((id) => [
      id,
      {
        memory: parsed?.[id]?.memory ?? DEFAULT_SIZES[id].memory,
        cpus: parsed?.[id]?.cpus ?? DEFAULT_SIZES[id].cpus,
      },
    ]),
  ) as unknown as Environment["sizes"];

/** One spelling for each: `0:0::1` is `::1`. */
const spelling = (address: string): string =>
  isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;

const isLoopback = (address: string): boolean => address.startsWith("127.") || spelling(address) === "::1";
const isEveryAddress = (address: string): boolean => ["0.0.0.0", "::"].includes(spelling(address));

/** Only the edge has a certificate of ours. */
const PUBLISHED = "the edge, and Keycloak and Grafana without TLS";

function warn(report: Report, environment: Environment): void {
  const { host, publish, demonstrationUsers } = environment;
  const outside = host === "docker" && !isLoopback(publish.address);
  if (outside && isEveryAddress(publish.address))
    report.add(
      ["publish", "address"],
      `is every address of this machine: whoever reaches one of its networks reaches ${PUBLISHED}`,
      "Name the one address that is meant, or keep it only behind a TLS proxy or a firewall.",
    );
  else if (outside)
    report.add(
      ["publish", "address"],
      `is not loopback: others on the network reach ${PUBLISHED}`,
      "Keep it only if that is meant, and put a TLS proxy or a firewall in front.",
    );
  if (demonstrationUsers && (outside || host === "kubernetes"))
    report.add(
      ["demonstrationUsers"],
      "makes users with known names in an environment that others reach",
      "Turn it off where real data is.",
    );
}
