import * as keycloak from "@pulumi/keycloak";
import * as pulumi from "@pulumi/pulumi";
import type { ClientId } from "../src/model/names";
import { ROLES, type Role } from "../src/model/roles";
import { isActive, runsHere, sends, type Tenant } from "../src/model/tenant";
import { Client } from "./client";
import type { RealmContext } from "./realm";
import { demonstrationUser, type User } from "./user";

export interface TenantIdentityArgs {
  readonly tenant: Tenant;
  readonly realm: RealmContext;
  readonly demonstrationUsers: boolean;
  /** What must hold the tenant before anybody can prove to be of it: filters, limits, the organisation. */
  readonly after: readonly pulumi.Resource[];
}

/** A tenant in the realm: its programs, its people's groups. */
export class TenantIdentity extends pulumi.ComponentResource {
  /** Agents' clients and services'. */
  readonly clients: readonly Client[];
  readonly users: readonly User[];

  constructor(
    name: string,
    { tenant, realm, demonstrationUsers, after }: TenantIdentityArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("atalaya:identity:TenantIdentity", name, { tenant: tenant.id, orgId: tenant.orgId }, opts);
    const child = { ...realm.options, parent: this };
    const { realmId } = realm;
    const top = new keycloak.Group(
      `${name}-group`,
      { realmId, parentId: realm.tenantsGroupId, name: tenant.id },
      child,
    );
    const groups = new Map<Role, keycloak.Group>(
      ROLES.map((role) => [
        role,
        new keycloak.Group(`${name}-group-${role}`, { realmId, parentId: top.id, name: role }, child),
      ]),
    );
    const programs = [
      ...tenant.agents.map((agent) => ({
        id: agent.id,
        scopes: [] as readonly string[],
        enabled: sends(tenant, agent),
        elsewhere: !runsHere(agent),
      })),
      ...tenant.services.map(({ clientId, scopes }) => ({
        ...{ id: clientId, scopes, enabled: isActive(tenant) },
        elsewhere: false,
      })),
    ];
    this.clients = programs.map(
      ({ id, ...own }) => new Client(id, { ...own, tenant, realm, after }, { parent: this }),
    );
    this.users = demonstrationUsers
      ? [...groups].map(([role, group]) =>
          demonstrationUser(`${tenant.id}-${role}`, `${tenant.id} ${role}`, [group.id], realm, {
            parent: this,
            dependsOn: after,
          }),
        )
      : [];
    this.registerOutputs({});
  }

  /** The client of one of the tenant's programs. */
  client(id: ClientId): Client {
    const client = this.clients.find(({ clientId }) => clientId === id);
    if (client === undefined) throw new Error(`${id} is not a client of this tenant.`);
    return client;
  }
}
