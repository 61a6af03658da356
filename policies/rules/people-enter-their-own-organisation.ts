import { OPERATORS_GROUP } from "../../src/model/names";
import type { ResourceRecord } from "../../src/model/recording";
import { ROLES } from "../../src/model/roles";
import type { Context } from "./context";
import { DATA_SOURCE, ORGANISATION } from "./data-sources";
import { PEOPLE } from "./demands";
import { nothing, type Rule, type Violation } from "./rule";
import { fields, filled, text, UNKNOWN } from "./values";

const SETTINGS = "grafana:oss/ssoSettings:SsoSettings";
const GROUP = "keycloak:index/group:Group";
const MEMBERSHIPS = [
  "keycloak:index/userGroups:UserGroups",
  "keycloak:index/groupMemberships:GroupMemberships",
];
const TENANT_GROUP = new RegExp(`^/tenants/([^/]+)/(${ROLES.join("|")})$`);

type Problem = Pick<Violation, "message" | "remedy"> & { readonly tenant?: string };

export const peopleEnterTheirOwnOrganisation: Rule = {
  name: "people-enter-their-own-organisation",
  description:
    "A login leads to the organisation of the person's own groups and to no other: inside an organisation everybody reads everything.",
  check: (context) => {
    const declared = context.graph.ofType(SETTINGS);
    if (declared.length === 0) return [nothing("Grafana login (SsoSettings)")];
    const settings = declared.filter(({ inputs }) => inputs["oauth2Settings"] !== UNKNOWN);
    const owners = organisationNumbers(context);
    return [
      ...settings.flatMap((resource) =>
        [...strictness(resource), ...mapping(context, resource, owners)].map((problem) => ({
          resource,
          ...problem,
        })),
      ),
      ...strangers(context),
      ...foreignGroups(context),
    ];
  },
};

type Owners = ReadonlyMap<string, string | undefined>;

/** Owners by organisation number, as the data sources of an organisation say it: a tenant's id, or undefined for the operators'. */
function organisationNumbers({ graph, tenants }: Context): Owners {
  return new Map(
    graph.ofType(DATA_SOURCE).flatMap((source) => {
      const number = text(source.inputs["orgId"]);
      const organisation = source.dependsOn
        .map((urn) => graph.resource(urn))
        .find((resource) => resource?.type === ORGANISATION);
      return number === undefined || number === UNKNOWN || organisation === undefined
        ? []
        : [[number, tenants.of(organisation)?.id] as const];
    }),
  );
}

function strictness({ inputs }: ResourceRecord): readonly Problem[] {
  const oauth = fields(inputs["oauth2Settings"]);
  return [
    ...(oauth["roleAttributeStrict"] === true
      ? []
      : [
          {
            message: "Grafana lets people in who belong to no group (roleAttributeStrict is not true).",
            remedy: "Set roleAttributeStrict: who maps to no organisation gets in nowhere.",
          },
        ]),
    ...(filled(oauth["roleAttributePath"]) !== undefined
      ? [
          {
            message: `Grafana takes a role from ${JSON.stringify(oauth["roleAttributePath"])}, which it merges into every organisation.`,
            remedy: "Take roleAttributePath out: orgMapping says the role of each group.",
          },
        ]
      : []),
    ...(oauth["allowAssignGrafanaAdmin"] === true || oauth["skipOrgRoleSync"] === true
      ? [
          {
            message:
              "Grafana can make somebody an administrator of every organisation, or keeps old memberships.",
            remedy: "Set allowAssignGrafanaAdmin and skipOrgRoleSync to false.",
          },
        ]
      : []),
  ];
}

/** `/tenants/mx/admin:2:Editor`: group, organisation number, role. */
function mapping({ tenants }: Context, { inputs }: ResourceRecord, owners: Owners): readonly Problem[] {
  const written = text(fields(inputs["oauth2Settings"])["orgMapping"]) ?? "";
  // Organisation numbers are not known before they exist: the offline preview knows them.
  if (written.includes(UNKNOWN)) return [];
  const entries = written.split(/[\s,]+/).filter((entry) => entry !== "");
  if (entries.length === 0)
    return [
      {
        message: "Grafana's login maps no group to an organisation.",
        remedy: "Set orgMapping for every tenant and the operators.",
      },
    ];
  const known = new Set<string>(tenants.all.map(({ id }) => id));
  return entries.flatMap((entry) => {
    const [group = "", number = "", role = ""] = entry.split(":");
    const [, tenant] = TENANT_GROUP.exec(group) ?? [];
    const owner = owners.get(number);
    const wrong =
      tenant === undefined
        ? strayGroup(group, number, owners)
        : [
            ...(known.has(tenant) ? [] : [`names a tenant that is not in this environment`]),
            ...(owner === tenant
              ? []
              : [
                  `leads into ${owner === undefined ? "an organisation that is not its own" : `the organisation of tenant ${owner}`}`,
                ]),
            ...(PEOPLE.includes(role) ? [] : [`gives the role ${JSON.stringify(role)}`]),
          ];
    return wrong.map((problem) => ({
      ...(tenant !== undefined && { tenant }),
      message: `Grafana's login: ${entry} ${problem}.`,
      remedy:
        "Map /tenants/<id>/<role> to that tenant's own organisation as Editor at most, and only operators to theirs.",
    }));
  });
}

function strayGroup(group: string, number: string, owners: Owners): readonly string[] {
  if (group !== OPERATORS_GROUP) return ["is no group of one tenant and not the operators'"];
  const owner = owners.get(number);
  if (owner !== undefined) return [`leads into the organisation of tenant ${owner}`];
  return owners.size === 0 || owners.has(number) ? [] : ["leads into no organisation that is declared"];
}

/** A user's groups are what the mapping goes by: a tenant's user is in that tenant's groups alone. */
const foreignGroups = ({ graph, tenants }: Context): readonly Violation[] =>
  MEMBERSHIPS.flatMap((type) => graph.ofType(type)).flatMap((membership) => {
    const own = tenants.of(membership);
    return membership.dependsOn
      .flatMap((urn) => graph.resource(urn) ?? [])
      .filter((group) => group.type === GROUP && tenants.of(group)?.id !== own?.id)
      .map((group) => ({
        resource: membership,
        ...(own !== undefined && { tenant: own.id }),
        message: `${membership.name} of ${whose(own?.id)} puts people into ${group.name} of ${whose(tenants.of(group)?.id)}.`,
        remedy: "Put people into the groups of their own tenant.",
      }));
  });

const whose = (tenant: string | undefined): string =>
  tenant === undefined ? "the operators" : `tenant ${tenant}`;

/** Grafana's own ways in for people that nobody has named. */
function strangers({ containers, files }: Context): readonly Violation[] {
  const remedy = "Take it out: whoever is not named by a group must not see an organisation.";
  const lines = files
    .filter(({ container, path }) => container.service === "grafana" && path.endsWith(".ini"))
    .flatMap((file) =>
      settingsOf(file.content ?? "").map((setting) => ({ resource: file.resource, ...setting })),
    );
  const variables = containers
    .filter(({ service }) => service === "grafana")
    .flatMap(({ resource, environment }) =>
      environment.map(([name, value]) => ({ resource, ...variable(name, value) })),
    );
  return [...lines, ...variables].filter(isOpen).map(({ resource, section, name, value }) => ({
    resource,
    message: `Grafana's [${section}] ${name} is ${value}.`,
    remedy,
  }));
}

interface Setting {
  readonly section: string;
  readonly name: string;
  readonly value: string;
}

/** Settings that must not be on. */
const OPEN: readonly string[] = [
  "auth.anonymous.enabled",
  "auth.proxy.enabled",
  "public_dashboards.enabled",
  "snapshots.external_enabled",
  "users.allow_org_create",
  "users.allow_sign_up",
  "users.auto_assign_org",
];
/** Settings that must not be at all: the login's own say more. */
const MAPPED = /^auth\.[a-z_]+\.(org_mapping|role_attribute_path)$/;

function isOpen({ section, name, value }: Setting): boolean {
  const setting = `${section}.${name}`;
  if (OPEN.includes(setting)) return /^(true|1|t|yes|on)$/i.test(value);
  return MAPPED.test(setting) && value !== "";
}

function settingsOf(ini: string): readonly Setting[] {
  let section = "";
  return ini.split("\n").flatMap((line) => {
    const header = /^\s*\[(.+)\]\s*$/.exec(line)?.[1];
    if (header !== undefined) section = header;
    const [, name, value = ""] = /^\s*([a-z_]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    return name === undefined ? [] : [{ section, name, value: value.replaceAll(/^"|"$/g, "") }];
  });
}

/** `GF_AUTH_ANONYMOUS_ENABLED` is `[auth.anonymous] enabled`: an underscore may stand for a dot. */
function variable(name: string, value: string): Setting {
  const lower = name.toLowerCase();
  const section =
    ["auth.anonymous", "auth.proxy", "auth.generic_oauth", "users", "public_dashboards", "snapshots"].find(
      (one) => lower.startsWith(`gf_${one.replaceAll(".", "_")}_`),
    ) ?? "";
  return { section, name: lower.slice(`gf_${section}_`.length), value };
}
