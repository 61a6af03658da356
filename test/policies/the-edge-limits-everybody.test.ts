import { describe, expect, it } from "vitest";
import { theEdgeLimitsEverybody } from "../../policies/rules/the-edge-limits-everybody";
import { files, messages, nothingOf, tenant } from "./builder";

type Message = Record<string, unknown>;
const any = (type: string, message: Message = {}): Message => ({
  "@type": `type.googleapis.com/${type}`,
  ...message,
});
const always = { default_value: { numerator: 100, denominator: "HUNDRED" } };
const limit = (action: Message, change: Message = {}): Message =>
  any("x.LocalRateLimit", {
    filter_enabled: always,
    filter_enforced: always,
    always_consume_default_token_bucket: false,
    rate_limits: [{ actions: [action] }],
    ...change,
  });
const SOURCE: Message = { masked_remote_address: {} };
const TENANT: Message = { request_headers: { header_name: "x-scope-orgid", descriptor_key: "tenant" } };
const filter = (name: string, config: Message): Message => ({ name, typed_config: config });
const bucket = (value?: string): Message => ({
  entries: [{ key: "tenant", ...(value !== undefined && { value }) }],
});

const source = (change: Message = {}) => filter("source", limit(SOURCE, change));
const JWT = filter("jwt", any("x.JwtAuthentication"));
const perTenant = {
  name: "limits",
  config_discovery: { default_config: limit(TENANT), type_urls: [] },
} as Message;
const GOOD = [source(), JWT, perTenant];

const edge = (
  filters: readonly Message[],
  {
    route = {},
    listed = ["tenant-mx", undefined],
  }: { route?: Message; listed?: (string | undefined)[] } = {},
) =>
  messages(theEdgeLimitsEverybody, [
    tenant("mx"),
    files("envoy", {
      "/etc/atalaya/envoy/bootstrap.yaml": {
        static_resources: {
          listeners: [
            {
              name: "otlpHttp",
              filter_chains: [
                {
                  filters: [
                    filter(
                      "http",
                      any("x.HttpConnectionManager", {
                        http_filters: filters,
                        route_config: {
                          virtual_hosts: [
                            {
                              domains: ["*"],
                              routes: [{ name: "logs", route: { cluster: "loki" }, ...route }],
                            },
                          ],
                        },
                      }),
                    ),
                  ],
                },
              ],
            },
          ],
        },
      },
      "/var/lib/atalaya/envoy/live/tenant-limits.yaml": {
        resources: [
          any("x.TypedExtensionConfig", {
            name: "limits",
            typed_config: limit(TENANT, { descriptors: listed.map(bucket) }),
          }),
        ],
      },
    }),
  ]);

describe("the-edge-limits-everybody", () => {
  it("passes a limit of sources before the check and one of tenants after it", () => {
    expect(edge(GOOD)).toEqual([]);
  });

  it("leaves a listener that leads nowhere to itself", () => {
    expect(edge([], { route: { route: undefined, direct_response: { status: 404 } } })).toEqual([]);
  });

  it.each<[string, readonly Message[], string]>([
    ["no limit of sources", [JWT, perTenant], "does not limit a source"],
    ["no limit of tenants", [source(), JWT], "does not limit a tenant"],
    ["sources only after the check", [JWT, source(), perTenant], "limits a source only after a check"],
    [
      "tenants before they are known",
      [source(), perTenant, JWT],
      "limits a tenant before it is known who that is",
    ],
    [
      "a limit that is disabled",
      [{ ...source(), disabled: true }, JWT, perTenant],
      "has source disabled or optional",
    ],
    [
      "a limit of no request, which is the default",
      [source({ filter_enforced: undefined }), JWT, perTenant],
      "limits not all requests (source: filter_enforced)",
    ],
    [
      "a limit of half of them",
      [source({ filter_enabled: { default_value: { numerator: 50 } } }), JWT, perTenant],
      "limits not all requests (source: filter_enabled)",
    ],
    [
      "a bucket that all share",
      [source({ always_consume_default_token_bucket: undefined }), JWT, perTenant],
      "has all share one more bucket (source: always_consume_default_token_bucket)",
    ],
    [
      "no limit until the file is read",
      [source(), JWT, { ...perTenant, config_discovery: { default_config: any("x.RBAC") } }],
      "has limits without a limit until its file is read",
    ],
  ])("refuses %s", (_, filters, problem) => {
    expect(edge(filters)).toEqual([`Listener otlpHttp: ${problem}.`]);
  });

  it("refuses a route that switches a limit off", () => {
    const route = { typed_per_filter_config: { limits: any("x.FilterConfig", { disabled: true }) } };
    expect(edge(GOOD, { route })).toEqual(["Listener otlpHttp: route logs changes or switches off limits."]);
  });

  it("refuses a tenant without a limit of its own, and strangers who share one", () => {
    expect(edge(GOOD, { listed: [undefined] })).toEqual(["Envoy has no limit of its own for tenant-mx."]);
    expect(edge(GOOD, { listed: ["tenant-mx"] })).toEqual([
      "Envoy's limits have no bucket for tenants that are not listed.",
    ]);
  });

  it("does not pass what it cannot find", () => {
    expect(messages(theEdgeLimitsEverybody, [])).toEqual([
      nothingOf("Envoy listener"),
      nothingOf("file with tenants' limits at the edge"),
    ]);
  });
});
