import { deviceLogin } from "../client/device-login";
import type { TenantOutputs } from "../client/outputs";
import { tokenOf } from "../client/reach";
import type { ClientCredentials } from "../client/token";
import { TENANT_HEADER } from "../model/headers";
import { defaultAgentId, serviceClientId, tenantGroup, type TenantId } from "../model/names";
import { toJson } from "../render/yaml";
import { EXIT, UsageError } from "./errors";
import { pick } from "./pick";
import { step } from "./progress";
import { target, type Target, type TargetOptions } from "./target";

export interface TokenOptions extends TargetOptions {
  /** An agent of the tenant's, or a service. */
  readonly client?: string;
  /** A person's, by a code in a browser. */
  readonly person: boolean;
  /** `Authorization: Bearer ...`, as curl's -H takes it. */
  readonly header: boolean;
  readonly json: boolean;
}

interface Given {
  readonly token: string;
  /** Whose it is: a client's id, or a person's name. */
  readonly holder: string;
}

/** Prints an access token of a tenant's agent, or of a person, and returns the exit code. */
export async function token(tenant: string, options: TokenOptions): Promise<number> {
  const found = await target(options);
  const own = pick("tenant", found.name, tenant, found.outputs.tenants);
  if (own.state === "suspended")
    throw new UsageError(
      `Tenant ${tenant} is suspended: Keycloak gives its agents no token, and the edge refuses those they still have. To let it in again: state: active in tenants.yaml, and apply.`,
    );
  const given = options.person
    ? await personsToken(found, tenant as TenantId)
    : await agentsToken(found, tenant as TenantId, own, options.client);
  const expires = expiryOf(given.token);
  if (options.json)
    process.stdout.write(
      toJson({ tenant, organisation: own.organisation, holder: given.holder, expires, token: given.token }),
    );
  else process.stdout.write(`${options.header ? "Authorization: Bearer " : ""}${given.token}\n`);
  if (process.stdout.isTTY && !options.json)
    process.stderr.write(`\n${explained({ tenant, own, given, expires, found, options })}\n`);
  return EXIT.good;
}

async function agentsToken(
  { outputs, name }: Target,
  tenant: TenantId,
  own: TenantOutputs,
  asked: string | undefined,
): Promise<Given> {
  const client = pick("client", `tenant ${tenant} of ${name}`, asked ?? usualAgent(tenant, own), own.clients);
  const holder = client.clientId;
  return step(`Asking ${new URL(outputs.keycloakUrl).origin} for a token of ${holder}`, async () => ({
    holder,
    token: await tokenOf(outputs.keycloakUrl, client),
  }));
}

/** Its default agent, or the only one it has. */
function usualAgent(tenant: TenantId, own: TenantOutputs): string {
  const agents = agentsOf(tenant, own).map(({ clientId }) => clientId);
  const usual: string = defaultAgentId(tenant);
  const [first, ...others] = agents;
  if (first === undefined)
    throw new UsageError(`Tenant ${tenant} has no agent. Name one of its clients: --client NAME`);
  if (agents.includes(usual) || others.length === 0) return agents.includes(usual) ? usual : first;
  throw new UsageError(
    `Tenant ${tenant} has ${agents.length} agents. Say whose token: --client ${agents.join(" | ")}`,
  );
}

/** A tenant's clients that are not its services'. */
export const agentsOf = (tenant: string, { clients }: TenantOutputs): readonly ClientCredentials[] =>
  Object.values(clients).filter(
    ({ clientId }) => !clientId.startsWith(serviceClientId(tenant as TenantId, "")),
  );

async function personsToken({ outputs }: Target, tenant: TenantId): Promise<Given> {
  const token = await deviceLogin(outputs.keycloakUrl, {
    show: ({ verificationUri, verificationUriComplete, userCode, expiresIn }) => {
      process.stderr.write(
        [
          `Open ${verificationUri} and type ${userCode}`,
          ...(verificationUriComplete === undefined ? [] : [`or open ${verificationUriComplete}`]),
          `Waiting for you to log in there; the code lives ${Math.round(expiresIn / 60)} minutes. Ctrl-C gives up.\n`,
        ].join("\n"),
      );
    },
  });
  const { sub, preferred_username, groups } = claimsOf(token);
  const inTenant =
    Array.isArray(groups) && groups.some((group) => String(group).startsWith(`${tenantGroup(tenant)}/`));
  if (!inTenant)
    process.stderr.write(
      `This person is in no group of tenant ${tenant}: the edge will refuse the token there.\n`,
    );
  return { token, holder: [preferred_username, sub].find((name) => typeof name === "string") ?? "a person" };
}

/** What a token says, believed for showing alone. */
const claimsOf = (token: string): Readonly<Record<string, unknown>> =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString() || "{}") as Record<
    string,
    unknown
  >;

const expiryOf = (token: string): string =>
  new Date(Number(claimsOf(token)["exp"] ?? 0) * 1_000).toISOString();

interface Explained {
  readonly tenant: string;
  readonly own: TenantOutputs;
  readonly given: Given;
  readonly expires: string;
  readonly found: Target;
  readonly options: TokenOptions;
}

/** For a person: whose it is, for how long, and what to do with it. */
function explained({ tenant, own, given, expires, found, options }: Explained): string {
  const minutes = Math.max(0, (Date.parse(expires) - Date.now()) / 60_000).toFixed(1);
  const { otlpHttp } = found.outputs.endpoints;
  const use = options.person
    ? `-H '${TENANT_HEADER}: ${own.organisation}' ${otlpHttp}/loki/api/v1/labels`
    : `-H 'Content-Type: application/json' ${otlpHttp}/v1/logs -d '${HELLO}'`;
  const again = options.person
    ? "$TOKEN"
    : `$(npx atalaya token ${tenant}${clientOption(options)}${found.option})`;
  return [
    `tenant   ${tenant} (${own.organisation})`,
    `${options.person ? "person  " : "client  "} ${given.holder}`,
    `expires  ${expires}, in ${minutes} minutes`,
    `try it   curl -i --cacert ${found.certificate} -H "Authorization: Bearer ${again}" ${use}`,
  ].join("\n");
}

/** A log line, as an agent sends it in JSON. */
export const HELLO = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hello"}}]}]}]}';
const clientOption = ({ client }: TokenOptions): string =>
  client === undefined ? "" : ` --client ${client}`;
