import { TENANT_HEADER } from "../model/headers";
import { dataSourceUid, REALM, type TenantId } from "../model/names";
import type { Recording } from "../model/recording";
import { LabError } from "./error";

interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A client's credentials, as the stack's outputs have them. Throws when there is no such client. */
export function clientOf({ outputs }: Recording, clientId: string): Client {
  const tenants = Object.values(outputs["tenants"] as Record<string, { clients: Record<string, Client> }>);
  const found = tenants
    .flatMap(({ clients }) => Object.values(clients))
    .find((one) => one.clientId === clientId);
  if (found === undefined) throw new LabError(`No tenant has a client ${clientId}.`);
  return found;
}

/** Where Keycloak gives out tokens, below its URL. */
export const TOKEN_PATH = `/realms/${REALM}/protocol/openid-connect/token`;

/** A new access token by a client's own secret. Throws what Keycloak says when it refuses. */
export async function fetchToken(keycloak: string, { clientId, clientSecret }: Client): Promise<string> {
  const response = await fetch(`${keycloak}${TOKEN_PATH}`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: clientSecret,
    }),
    signal: AbortSignal.timeout(10_000),
  });
  const answer = (await response.json()) as { access_token?: string; error?: string };
  if (answer.access_token === undefined)
    throw new LabError(`Keycloak gives ${clientId} no token: ${response.status} ${answer.error ?? ""}`);
  return answer.access_token;
}

/** The headers that Grafana sends for a tenant: its own organisation's read key, and the tenant it asks for. */
export function grafanaHeaders(
  { resources }: Recording,
  tenant: TenantId,
): { readonly authorization: string; readonly [TENANT_HEADER]: string } {
  const uid = dataSourceUid("metrics", tenant);
  const source = resources.find(
    ({ type, inputs }) => type === "grafana:oss/dataSource:DataSource" && inputs["uid"] === uid,
  );
  if (source === undefined) throw new LabError(`Tenant ${tenant} has no data source.`);
  const headers = source.inputs["httpHeaders"] as Readonly<Record<string, string>>;
  return {
    authorization: headers["Authorization"] ?? "",
    [TENANT_HEADER]: headers[TENANT_HEADER] ?? "",
  };
}
