import { ENVIRONMENT_NAME } from "../model/names";
import { LONGEST_ROTATION, SHORTEST_OVERLAP } from "../model/rotation";
import { PORTS, type ServiceKind } from "../model/services";
import { formatDuration, parseDuration, type Seconds } from "../model/units";
import { listAt, valueAt, type Path, type Report } from "./report";
import { ENVIRONMENT_FORM } from "./tenant-schema";

/** The stack is the environment, and its name is a part of every container's. */
export function checkStackName(report: Report, stack: string): void {
  if (ENVIRONMENT_NAME.test(stack)) return;
  const message = `the stack's name "${stack}" is not an environment's name`;
  report.add([], message, `Rename the stack: ${ENVIRONMENT_FORM.form}.`, { hideValue: true });
}

const DEFAULTS = {
  otlpGrpc: PORTS.envoy.otlpGrpc,
  otlpHttp: PORTS.envoy.otlpHttp,
  keycloak: PORTS.keycloak.http,
  grafana: PORTS.grafana.http,
} as const;

/** What is published is published by these; the others only with `debugPorts`, on their own ports. */
const PUBLISHING: readonly ServiceKind[] = ["keycloak", "grafana"];

/** Two things on one port of the host: one of them would not start. */
export function checkPorts(report: Report): void {
  const taken = new Map<unknown, string>();
  if (valueAt(report.source.value, ["debugPorts"]) === true)
    for (const [service, ports] of Object.entries(PORTS)) {
      if (PUBLISHING.includes(service as ServiceKind)) continue;
      for (const [name, port] of Object.entries(ports))
        if (!Object.values<number>(DEFAULTS).includes(port))
          taken.set(port, `${service}'s ${name} port (debugPorts)`);
    }
  for (const [name, normal] of Object.entries(DEFAULTS)) {
    const path = ["publish", "ports", name];
    const port = valueAt(report.source.value, path) ?? normal;
    const other = taken.get(port);
    if (other !== undefined) reportPort(report, path, port, other);
    taken.set(port, other ?? `publish.ports.${name}`);
  }
}

function reportPort(report: Report, path: Path, port: unknown, other: string): void {
  const remedy = "Give one of the two another port.";
  report.add(path, `is the same port as ${other}`, remedy, { value: port });
}

/** Providers: aliases once, and their secrets set. */
export function checkIdentityProviders(report: Report, secretKeys: readonly string[] | undefined): void {
  const aliases = new Set<unknown>();
  for (const [index, provider] of listAt(report.source.value, ["identityProviders"]).entries()) {
    const path = ["identityProviders", index];
    const alias = valueAt(provider, ["alias"]);
    if (alias !== undefined && aliases.has(alias))
      report.add([...path, "alias"], "is already the alias of another provider", "Rename one of the two.");
    aliases.add(alias);
    const key = valueAt(provider, ["clientSecretKey"]);
    if (typeof key === "string" && secretKeys?.includes(key) === false)
      report.add(
        [...path, "clientSecretKey"],
        "names a config secret that is not set",
        'Set it with "pulumi config set --secret" and that name.',
      );
  }
}

/** Durations that would leave a program without a secret, or a secret for ever. */
export function checkClientSecrets(report: Report): void {
  const path = ["clientSecrets"];
  const at = (field: string): Seconds | undefined => {
    const value = valueAt(report.source.value, [...path, field]);
    return typeof value === "string" ? parseDuration(value) : undefined;
  };
  const [every, overlap] = [at("rotateEvery"), at("overlap")];
  if (every !== undefined && every > LONGEST_ROTATION)
    report.add(
      [...path, "rotateEvery"],
      `is longer than ${formatDuration(LONGEST_ROTATION)}`,
      "Shorten it, or leave clientSecrets out: then secrets stay.",
    );
  // Zero is said by its type.
  if (overlap !== undefined && overlap > 0 && overlap < SHORTEST_OVERLAP)
    report.add(
      [...path, "overlap"],
      `is shorter than ${formatDuration(SHORTEST_OVERLAP)}, in which a program that holds a token may not ask again`,
      `Write at least ${formatDuration(SHORTEST_OVERLAP)}; what people carry by hand needs days.`,
    );
  if (every !== undefined && overlap !== undefined && overlap >= every)
    report.add(
      [...path, "overlap"],
      `is not shorter than rotateEvery (${formatDuration(every)}), so that two secrets would always work`,
      "Shorten it, or lengthen rotateEvery.",
    );
}
