import { CREDENTIAL_HEADERS } from "../../src/model/headers";
import { dataSourceUid, orgId, PLATFORM_TENANT, type Signal, type TenantId } from "../../src/model/names";
import type { ResourceRecord } from "../../src/model/recording";
import { PORTS } from "../../src/model/services";
import type { Context } from "./context";
import { DATA_SOURCE, headersOf, headersUnknown, json, ORGANISATION, tenantHeaders } from "./data-sources";
import type { Rule, Violation } from "./rule";
import { nothingOfTenants, type DeclaredTenant } from "./tenants";
import { text } from "./values";

const SIGNALS: Readonly<Record<string, Signal>> = { prometheus: "metrics", loki: "logs", tempo: "traces" };

type Problem = Pick<Violation, "message" | "remedy">;

export const noSharedDataSource: Rule = {
  name: "no-shared-data-source",
  description:
    "A data source reads one tenant, in that tenant's own organisation or the operators', with a key, through the edge: inside an organisation Grafana isolates nothing.",
  check: (context) => {
    const sources = context.graph.ofType(DATA_SOURCE);
    return [
      ...(sources.length === 0 ? nothingOfTenants(context, "Grafana data source") : []),
      ...sources.flatMap((source) => judge(context, source)),
      ...otherWays(context),
    ];
  },
};

function judge(context: Context, source: ResourceRecord): readonly Violation[] {
  const tenant = tenantOf(context, source);
  const owner = context.tenants.of(source);
  const named = owner === undefined ? undefined : swapped(context.tenants, source, owner);
  const foreign =
    owner === undefined || named === undefined
      ? undefined
      : [
          {
            message: `Data source ${source.name} of tenant ${owner.id} names ${JSON.stringify(named)} in its X-Scope-OrgID header.`,
            remedy: `Its X-Scope-OrgID header must be ${owner.orgId}: it would read another tenant's data.`,
          },
        ];
  return [
    ...(foreign ?? oneTenant(source, tenant)),
    ...organisation(context, source, tenant),
    ...throughTheEdge(source),
  ].map((problem) => ({ resource: source, ...(tenant !== undefined && { tenant }), ...problem }));
}

/** Data sources, or parts of them, that come in where nobody looks. */
function otherWays({ graph, files }: Context): readonly Violation[] {
  const remedy = "Declare it as a DataSource resource (components/data-sources.ts), where it can be judged.";
  const parts = graph.ofType("grafana:oss/dataSourceConfig:DataSourceConfig").map((resource) => ({
    resource,
    message: `${resource.name} changes the settings of a data source that is declared elsewhere.`,
    remedy,
  }));
  const provisioned = files
    .filter(({ container, path }) => container.service === "grafana" && path.includes("/datasources/"))
    .map(({ resource, path }) => ({
      resource,
      message: `${path} declares data sources of its own.`,
      remedy,
    }));
  return [...parts, ...provisioned];
}

/**
 * Whose component it is below; the platform's is below none. Then the tenant that its header names, the platform included, or
 * while that is not known, the one that its uid names.
 */
function tenantOf({ tenants }: Context, source: ResourceRecord): TenantId | undefined {
  const owner = tenants.of(source);
  if (owner !== undefined && swapped(tenants, source, owner) !== undefined) return owner.id;
  const [named] = headersUnknown(source) ? [orgOfUid(source)] : tenantHeaders(source);
  return named === orgId(PLATFORM_TENANT) ? PLATFORM_TENANT : tenants.byOrgId.get(named ?? "")?.id;
}

/** The header's value where it is another tenant's than the component's. */
function swapped(
  { byOrgId }: Context["tenants"],
  source: ResourceRecord,
  owner: DeclaredTenant,
): string | undefined {
  const [named, ...more] = headersUnknown(source) ? [] : tenantHeaders(source);
  return named !== undefined && more.length === 0 && byOrgId.has(named) && named !== owner.orgId
    ? named
    : undefined;
}

function orgOfUid({ inputs }: ResourceRecord): string | undefined {
  const signal = SIGNALS[text(inputs["type"]) ?? ""];
  const prefix = signal === undefined ? undefined : dataSourceUid(signal, "" as TenantId);
  const uid = text(inputs["uid"]) ?? "";
  return prefix !== undefined && uid.startsWith(prefix)
    ? orgId(uid.slice(prefix.length) as TenantId)
    : undefined;
}

function oneTenant(source: ResourceRecord, tenant: TenantId | undefined): readonly Problem[] {
  const headers = tenantHeaders(source);
  const { uid, type } = source.inputs;
  const signal = SIGNALS[text(type) ?? ""];
  if (tenant === undefined || (headers.length !== 1 && !headersUnknown(source)))
    return [
      {
        message: `Data source ${source.name} names ${headers.length === 0 ? "no tenant" : headers.map((header) => JSON.stringify(header)).join(" and ")} in its X-Scope-OrgID header.`,
        remedy:
          "Give it one X-Scope-OrgID header with the organisation id of one tenant of the list, never several (`a|b`).",
      },
    ];
  const expected = signal === undefined ? undefined : dataSourceUid(signal, tenant);
  return expected !== undefined && uid === expected
    ? []
    : [
        {
          message: `Data source ${source.name} of tenant ${tenant} has the type ${JSON.stringify(type)} and the uid ${JSON.stringify(uid ?? "unset")}.`,
          remedy:
            expected === undefined
              ? "Use prometheus, loki or tempo."
              : `Call it ${expected}: a uid that names somebody else leads dashboards and links to the wrong data.`,
        },
      ];
}

/** The organisation by what the source depends on: its number is an output of it. */
function organisation(
  { graph, tenants }: Context,
  source: ResourceRecord,
  tenant: TenantId | undefined,
): readonly Problem[] {
  const organisations = source.dependsOn
    .flatMap((urn) => graph.resource(urn) ?? [])
    .filter(({ type }) => type === ORGANISATION);
  const [own] = organisations;
  if (own === undefined || organisations.length > 1 || source.inputs["orgId"] === undefined)
    return [
      {
        message: `Data source ${source.name} is not in exactly one declared organisation (orgId ${JSON.stringify(source.inputs["orgId"] ?? "unset")}).`,
        remedy:
          "Give it the `orgId` of one Organization resource; unset means the provider's own, where everybody's would meet.",
      },
    ];
  const owner = tenants.of(own);
  return owner === undefined || owner.id === tenant
    ? []
    : [
        {
          message: `Data source ${source.name} of ${tenant === undefined ? "no known tenant" : `tenant ${tenant}`} is in the organisation of tenant ${owner.id}.`,
          remedy: "Put it into its own tenant's organisation; only the operators' may hold several tenants'.",
        },
      ];
}

/** Settings of Grafana's that must not be on. */
const LOOSE = ["tlsSkipVerify", "oauthPassThru"] as const;

function throughTheEdge(source: ResourceRecord): readonly Problem[] {
  const { url, accessMode, basicAuthEnabled } = source.inputs;
  const settings = json(source.inputs["jsonDataEncoded"]);
  const keys = headersOf(source).filter(([name, value]) => CREDENTIAL_HEADERS.includes(name) && value !== "");
  return [
    ...(leadsToEdge(text(url))
      ? []
      : [
          {
            message: `Data source ${source.name} reads from ${JSON.stringify(url ?? "unset")}, which is not the edge's query listener.`,
            remedy: `Let it read from envoy:${PORTS.envoy.query}: the backends believe any tenant header.`,
          },
        ]),
    ...(keys.length === 1 || headersUnknown(source)
      ? []
      : [
          {
            message: `Data source ${source.name} has ${keys.length} credentials.`,
            remedy: "Give it one Authorization header with the read key of its tenant.",
          },
        ]),
    ...LOOSE.filter((name) => ![undefined, false].includes(settings[name] as boolean | undefined)).map(
      (name) => ({
        message: `Data source ${source.name} has ${name}.`,
        remedy: `Take ${name} out of its settings: its key, or a person's token, would go to whoever answers.`,
      }),
    ),
    ...((accessMode === undefined || accessMode === "proxy") && basicAuthEnabled !== true
      ? []
      : [
          {
            message: `Data source ${source.name} has accessMode ${JSON.stringify(accessMode ?? "proxy")}${basicAuthEnabled === true ? " and basic authentication" : ""}.`,
            remedy: 'Use "proxy" with a header: a browser that asks directly has the key.',
          },
        ]),
  ];
}

function leadsToEdge(url: string | undefined): boolean {
  if (url === undefined || !URL.canParse(url)) return false;
  const { hostname, port } = new URL(url);
  // Kubernetes adds its own suffixes: `envoy.atalaya-prod.svc`.
  return (hostname === "envoy" || hostname.startsWith("envoy.")) && Number(port) === PORTS.envoy.query;
}
