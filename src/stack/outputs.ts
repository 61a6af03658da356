import * as pulumi from "@pulumi/pulumi";
import type { Client } from "../../components/client";
import type { ReadKey } from "../../components/read-key";
import type { User } from "../../components/user";
import type { Tenant } from "../model/tenant";
import type { EnvironmentInput, Shared } from "./shared";

export interface TenantOutput {
  readonly declared: Tenant;
  readonly grafanaOrganisation: pulumi.Input<string>;
  readonly clients: readonly Client[];
  readonly users: readonly User[];
  readonly readKey: ReadKey;
}

/** What a person starts from. */
export function environmentOutputs(
  { topology: { urls } }: EnvironmentInput,
  { gateway, identity, dashboards, realm }: Shared,
): Record<string, unknown> {
  return {
    endpoints: { otlpGrpc: urls.otlpGrpc, otlpHttp: urls.otlpHttp },
    grafanaUrl: urls.grafana,
    keycloakUrl: urls.keycloak,
    caCertificate: gateway.authority,
    administrators: {
      grafana: { user: "admin", password: dashboards.administratorPassword },
      keycloak: { user: "admin", password: identity.administratorPassword },
    },
    operators: usersOutput(realm.users),
  };
}

/** What somebody needs who sends, reads or looks at a tenant's data. Each secret is one by itself. */
export const tenantOutput = ({ declared, grafanaOrganisation, clients, users, readKey }: TenantOutput) => ({
  state: declared.state,
  organisation: declared.orgId,
  grafanaOrganisation,
  clients: Object.fromEntries(
    clients.map(({ clientId, secret }) => [clientId, { clientId, clientSecret: secret }]),
  ),
  users: usersOutput(users),
  readKey: pulumi.secret(readKey.key),
});

const usersOutput = (users: readonly User[]) =>
  Object.fromEntries(users.map(({ name, password }) => [name, { password: pulumi.secret(password) }]));
