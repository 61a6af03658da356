import type { StackOutputs } from "../client/outputs";
import { TENANT_HEADER } from "../model/headers";
import { npmOption, stackOption } from "./stack-command";
import { aligned, colors } from "./terminal";
import { HELLO } from "./token";

export interface Reached {
  readonly stack: string;
  readonly outputs: StackOutputs;
  /** Of the edge's authority, as curl's --cacert takes it. */
  readonly certificate: string;
}

/** More tenants than these are not named. */
const MOST_TENANTS = 5;

/** What a person does next, with nothing secret in it. */
export function whereToGo(reached: Reached, color?: boolean): string {
  const { bold, dim } = colors(color);
  const { stack, outputs } = reached;
  const option = stackOption(stack);
  const tenant = firstTenant(outputs);
  return [
    bold(`${stack} is up. Where to go:`),
    rows([
      ["Grafana", outputs.grafanaUrl],
      ["Keycloak", outputs.keycloakUrl],
      ["OTLP over HTTP", `${outputs.endpoints.otlpHttp}  also pushes and reads`],
      ["OTLP over gRPC", outputs.endpoints.otlpGrpc],
    ]),
    ...people(reached, bold),
    "",
    bold("Is it well, and are tenants apart?"),
    `  npx atalaya health${option}`,
    `  npx atalaya check-tenants${option}`,
    ...(tenant === undefined ? [] : ["", ...firstSteps(reached, tenant, bold)]),
    "",
    dim(`To stop it and keep all data: npm run destroy${npmOption(stack)}`),
  ].join("\n");
}

const rows = (all: readonly (readonly string[])[]): string =>
  aligned(all.map((row) => row.map((text) => ({ text }))))
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");

/** The first that lets anybody in. */
const firstTenant = ({ tenants }: StackOutputs): string | undefined =>
  Object.keys(tenants)
    .sort()
    .find((id) => tenants[id]?.state === "active");

function people({ stack, outputs }: Reached, bold: (text: string) => string): readonly string[] {
  const listed = [
    ...Object.entries(outputs.tenants).sort(([a], [b]) => (a < b ? -1 : 1)),
    ["operators", { users: outputs.operators }] as const,
  ].filter(([, { users }]) => Object.keys(users).length > 0);
  if (listed.length === 0) return [];
  const shown = listed.slice(0, MOST_TENANTS);
  const more = listed.length - shown.length;
  return [
    "",
    bold(`Demonstration users, whose passwords npx atalaya users${stackOption(stack)} prints:`),
    rows([
      ...shown.map(([id, { users }]) => [id, Object.keys(users).sort().join(", ")]),
      ...(more === 0 ? [] : [["...", `and those of ${more} more`]]),
    ]),
  ];
}

function firstSteps(
  { stack, outputs, certificate }: Reached,
  tenant: string,
  bold: (text: string) => string,
): readonly string[] {
  const { otlpHttp } = outputs.endpoints;
  const token = `npx atalaya token ${tenant}${stackOption(stack)}`;
  const curl = `curl -i --cacert ${certificate}`;
  const organisation = outputs.tenants[tenant]?.organisation ?? "";
  return [
    bold(`A first token of an agent of ${tenant}'s, and a first line of log by it:`),
    `  ${token}`,
    `  ${curl} -H "$(${token} --header)" -H 'Content-Type: application/json' ${otlpHttp}/v1/logs -d '${HELLO}'`,
    "",
    bold(`A first query, as whoever logs in by the code that it shows, such as ${reader(outputs, tenant)}:`),
    `  AUTHORIZATION=$(${token} --person --header)`,
    `  ${curl} -H "$AUTHORIZATION" -H '${TENANT_HEADER}: ${organisation}' -G ${otlpHttp}/loki/api/v1/query_range --data-urlencode 'query={service_name=~".+"} |= "hello"'`,
  ];
}

/** A demonstration user with the fewest rights, where there are any. */
const reader = ({ tenants }: StackOutputs, tenant: string): string =>
  Object.keys(tenants[tenant]?.users ?? {})
    .sort()
    .at(-1) ?? `somebody of ${tenant}`;
