import type { ResourceRecord } from "../../src/model/recording";
import { TOKEN_LIFE } from "../../src/model/routes";
import type { Context } from "./context";
import type { Graph } from "./graph";
import type { Rule, Violation } from "./rule";
import { nothingOfTenants, type DeclaredTenant } from "./tenants";
import { at, entry, text } from "./values";

export const CLIENT = "keycloak:openid/client:Client";
const HARD_CODED = "keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper";
const CLAIM = "tenant_id";
/** Claims that say who somebody is: only Keycloak itself may write them, because the edge builds the binding from `azp`. */
const OWN_CLAIMS: readonly string[] = ["azp", "iss", "sub", "client_id"];

/** Ways to get a token that need no client secret, or a person's. */
const FLOWS = [
  "standardFlowEnabled",
  "implicitFlowEnabled",
  "directAccessGrantsEnabled",
  "oauth2DeviceAuthorizationGrantEnabled",
  "oauth2JwtAuthorizationGrantEnabled",
  "standardTokenExchangeEnabled",
] as const;

type Problem = Pick<Violation, "message" | "remedy">;

export const clientsCarryOneTenant: Rule = {
  name: "clients-carry-one-tenant",
  description:
    "A tenant's client gets tokens for its own tenant only: one fixed claim, no scopes of others, no other way in, short-lived.",
  check: (context) => {
    const claims = claimsByClient(context.graph);
    const clients = context.graph.ofType(CLIENT).flatMap((client) => {
      const tenant = context.tenants.of(client);
      return tenant === undefined ? [] : [{ client, tenant }];
    });
    return [
      ...(clients.length === 0 ? nothingOfTenants(context, "tenant's Keycloak client") : []),
      ...clients.flatMap(({ client, tenant }) =>
        [
          ...settings(client),
          ...suspension(context, client, tenant),
          ...claim(client, tenant, claims.get(client.urn) ?? []),
        ].map((problem) => ({
          resource: client,
          tenant: tenant.id,
          ...problem,
        })),
      ),
      ...strayClaims(context, claims),
      ...grantedRoles(context),
    ];
  },
};

function settings({ name, inputs }: ResourceRecord): readonly Problem[] {
  const open = FLOWS.filter((flow) => inputs[flow] !== undefined && inputs[flow] !== false);
  const life = inputs["accessTokenLifespan"];
  const seconds = /^\d+$/.test(String(life)) ? Number(life) : Number.NaN;
  return [
    ...open.map((flow) => ({
      message: `Client ${name} has ${flow}: a token without its own secret.`,
      remedy: `Leave ${flow} off: agents and services use client credentials only.`,
    })),
    ...(inputs["fullScopeAllowed"] === false
      ? []
      : [
          {
            message: `Client ${name} has fullScopeAllowed ${JSON.stringify(inputs["fullScopeAllowed"] ?? "unset, which means true")}.`,
            remedy:
              "Set fullScopeAllowed to false: a service account's token carries only what its own mappers put in.",
          },
        ]),
    ...(inputs["accessType"] === "CONFIDENTIAL"
      ? []
      : [
          {
            message: `Client ${name} has the access type ${JSON.stringify(inputs["accessType"] ?? "unset")}.`,
            remedy: 'Set accessType to "CONFIDENTIAL": a public client needs no secret.',
          },
        ]),
    ...(seconds > 0 && seconds <= TOKEN_LIFE
      ? []
      : [
          {
            message: `Client ${name} has accessTokenLifespan ${JSON.stringify(life ?? "unset")}, which is not between 1 and ${TOKEN_LIFE} seconds.`,
            remedy: `Set accessTokenLifespan to "${TOKEN_LIFE}" at most: suspension waits for a token's end.`,
          },
        ]),
  ];
}

/** Who is suspended gets no tokens at all: the edge's list is not the only thing that keeps him out. */
function suspension(
  { directory }: Context,
  { name, inputs }: ResourceRecord,
  { id }: DeclaredTenant,
): readonly Problem[] {
  const entry = directory?.tenants.find((tenant) => tenant.id === id);
  const clientId = text(inputs["clientId"]);
  const lets =
    entry === undefined ||
    (entry.state === "active" && !(entry.suspendedAgents ?? []).some((agent) => agent === clientId));
  return lets || inputs["enabled"] === false
    ? []
    : [
        {
          message: `Client ${name} of tenant ${id} is suspended and may get tokens.`,
          remedy: "Set enabled to false: a suspended agent or tenant gets no token.",
        },
      ];
}

function claim(
  { name }: ResourceRecord,
  tenant: DeclaredTenant,
  mappers: readonly ResourceRecord[],
): readonly Problem[] {
  const own = mappers.filter((mapper) => claimOf(mapper) === CLAIM);
  const values = own.map((mapper) => text(mapper.inputs["claimValue"]) ?? "unset");
  const remedy = `Give it exactly one HardcodedClaimProtocolMapper, ${CLAIM} = "${tenant.orgId}" as a String in the access token.`;
  if (own.length !== 1 || values[0] !== tenant.orgId)
    return [
      {
        message: `Client ${name} of tenant ${tenant.id} has ${own.length} ${CLAIM} claims${own.length === 0 ? "" : `: ${values.join(", ")}`}.`,
        remedy,
      },
    ];
  const [mapper] = own;
  const { claimValueType, addToAccessToken } = mapper?.inputs ?? {};
  return addToAccessToken === false || (claimValueType !== undefined && claimValueType !== "String")
    ? [{ message: `Client ${name}: its ${CLAIM} claim does not reach the access token as a string.`, remedy }]
    : [];
}

/** Whoever else writes the claim, or claims that are Keycloak's own, could speak for another tenant. */
function strayClaims(
  { recording, tenants, graph }: Context,
  claims: ReadonlyMap<string, readonly ResourceRecord[]>,
): readonly Violation[] {
  const expected = new Set(
    [...claims]
      .filter(([urn]) => clientTenant(urn))
      .flatMap(([, mappers]) => mappers.filter((mapper) => mapper.type === HARD_CODED)),
  );
  function clientTenant(urn: string): boolean {
    const client = graph.resource(urn);
    return client !== undefined && tenants.of(client) !== undefined;
  }
  return recording.resources.flatMap((resource) => {
    const name = resource.type.startsWith("keycloak:") ? claimOf(resource) : undefined;
    if (name === undefined) return [];
    const forbidden = OWN_CLAIMS.includes(name) || (name === CLAIM && !expected.has(resource));
    const tenant = tenants.of(resource)?.id;
    return forbidden
      ? [
          {
            resource,
            ...(tenant !== undefined && { tenant }),
            message: `${resource.name} writes the claim ${name}, which decides whose data a token reaches.`,
            remedy: `Take it out: ${CLAIM} comes from each tenant client's one hard-coded mapper, ${OWN_CLAIMS.join(", ")} from Keycloak itself.`,
          },
        ]
      : [];
  });
}

/** A role of a service account is a right in Keycloak itself: over users, clients, the realm. */
const grantedRoles = ({ recording, tenants }: Context): readonly Violation[] =>
  recording.resources.flatMap((resource) => {
    const tenant = tenants.of(resource);
    return tenant === undefined || !/^keycloak:openid\/clientServiceAccount/.test(resource.type)
      ? []
      : [
          {
            resource,
            tenant: tenant.id,
            message: `${resource.name} gives a client of tenant ${tenant.id} a role in Keycloak.`,
            remedy: "Take it out: what a tenant's client may do is in its token's scopes and at the edge.",
          },
        ];
  });

const claimOf = ({ inputs }: ResourceRecord): string | undefined =>
  text(inputs["claimName"]) ?? text(at(inputs["config"], "claim.name"));

/** Mappers by the client they are of: the one whose id they were given, which is what they depend on. */
function claimsByClient(graph: Graph): ReadonlyMap<string, readonly ResourceRecord[]> {
  const clients = new Set(graph.ofType(CLIENT).map(({ urn }) => urn));
  const found = new Map<string, ResourceRecord[]>();
  for (const mapper of graph.ofType(HARD_CODED))
    for (const urn of mapper.dependsOn.filter((target) => clients.has(target)))
      entry(found, urn, () => []).push(mapper);
  return found;
}
