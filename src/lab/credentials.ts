import type { ClientCredentials } from "../client/token";
import { TENANT_HEADER } from "../model/headers";
import { dataSourceUid, type TenantId } from "../model/names";
import type { Recording } from "../model/recording";
import { LabError } from "./error";

/** A client's credentials, as the stack's outputs have them. Throws when there is no such client. */
export function clientOf({ outputs }: Recording, clientId: string): ClientCredentials {
  const tenants = Object.values(
    outputs["tenants"] as Record<string, { clients: Record<string, ClientCredentials> }>,
  );
  const found = tenants
    .flatMap(({ clients }) => Object.values(clients))
    .find((one) => one.clientId === clientId);
  if (found === undefined) throw new LabError(`No tenant has a client ${clientId}.`);
  return found;
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
