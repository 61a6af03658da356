import {
  API_KEY_HEADER,
  BINDING_HEADER,
  REQUESTED_TENANT_HEADER,
  SERVICE_TOKEN_HEADER,
  TENANT_HEADER,
  USER_HEADER,
} from "../../model/headers";
import { EDGE_AUDIENCE, REALM } from "../../model/names";
import { CLOCK_SKEW, KEYS_CACHED, LONGEST_KEPT_TOKEN, LONGEST_TOKEN } from "../../model/tokens";
import type { Topology } from "../../model/topology";
import { httpUrl } from "../../model/topology";
import { size, type Bytes } from "../../model/units";
import type { RenderInput } from "../input";
import * as cel from "./cel";
import { claim, CLUSTERS, DENIALS, FILTERS, LIVE_FILES, TOKEN_METADATA } from "./names";
import { any, extension, rbacAction, remove, seconds, set, type Message } from "./protobuf";

const RBAC = "envoy.extensions.filters.http.rbac.v3.RBAC";
const HEADER_MUTATION = "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation";

/** One for this much of Envoy's memory: a verified token takes some 5 KiB, per worker and listener. */
const MEMORY_PER_TOKEN = size("512KiB");

const issuer = (topology: Topology): string => `${topology.urls.keycloak}/realms/${REALM}`;

/** Verifies an agent's token with Keycloak's keys. From the Authorization header alone; it goes no further. */
export function tokenFilter({ topology, environment }: RenderInput): Message {
  const keycloak = httpUrl(topology.services.keycloak, "http");
  return extension(FILTERS.token, "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication", {
    providers: {
      keycloak: {
        issuer: issuer(topology),
        audiences: [EDGE_AUDIENCE],
        from_headers: [{ name: "Authorization", value_prefix: "Bearer " }],
        forward: false,
        require_expiration: true,
        max_lifetime: seconds(LONGEST_TOKEN),
        clock_skew_seconds: CLOCK_SKEW,
        payload_in_metadata: TOKEN_METADATA.key,
        jwt_cache_config: {
          jwt_cache_size: cachedTokens(environment.sizes.envoy.memory),
          jwt_max_token_size: LONGEST_KEPT_TOKEN,
        },
        remote_jwks: {
          http_uri: {
            uri: `${keycloak}/realms/${REALM}/protocol/openid-connect/certs`,
            cluster: CLUSTERS.keycloak,
            timeout: "5s",
          },
          cache_duration: seconds(KEYS_CACHED),
          // Fetched in the background before they are needed: while Keycloak is down the last keys stay in use.
          async_fetch: { failed_refetch_duration: "1s" },
        },
      },
    },
    // A request that matches no rule passes unverified (and is then refused for want of a binding).
    rules: [{ prefix: "/" }, { connect_matcher: {} }].map((match) => ({
      match,
      requires: { provider_name: "keycloak" },
    })),
    // It would say why and name the host.
    strip_failure_response: true,
  });
}

const PAYLOAD = cel.field(
  cel.entry(cel.field(cel.name("metadata"), "filter_metadata"), TOKEN_METADATA.namespace),
  TOKEN_METADATA.key,
);
const ISSUED = cel.field(PAYLOAD, "iat");
const NOW = cel.call("double", cel.call("int", cel.field(cel.name("request"), "time")));

/**
 * `iat - now <= 60 && exp - iat <= 600`. A payload's numbers are doubles; a claim that is absent or no number is an error,
 * and that is no match.
 */
const ISSUED_IN_TIME = cel.call(
  "_&&_",
  cel.call("_<=_", cel.call("_-_", ISSUED, NOW), cel.number(CLOCK_SKEW)),
  cel.call("_<=_", cel.call("_-_", cel.field(PAYLOAD, "exp"), ISSUED), cel.number(LONGEST_TOKEN)),
);

/**
 * What jwt_authn does not look at, as the auth service does (src/auth/tokens.ts): a token is issued, not in the future, and
 * not for longer than ours are. Only what is known to be so passes.
 */
export const tokenTimesFilter = (): Message =>
  extension(FILTERS.tokenTimes, RBAC, {
    matcher: {
      matcher_list: {
        matchers: [
          {
            predicate: {
              single_predicate: {
                input: extension("attributes", "xds.type.matcher.v3.HttpAttributesCelMatchInput"),
                custom_match: extension("cel", "xds.type.matcher.v3.CelMatcher", {
                  expr_match: { cel_expr_parsed: { expr: ISSUED_IN_TIME } },
                }),
              },
            },
            on_match: rbacAction("issued_in_time", "ALLOW"),
          },
        ],
      },
      on_no_match: rbacAction(DENIALS.tokenTimes, "DENY"),
    },
  });

const cachedTokens = (memory: Bytes): number => Math.max(500, Math.floor(memory / MEMORY_PER_TOKEN));

/** `azp|tenant_id` of the verified token, for {@link bindingsFilter}. A missing claim makes a value that is in no list. */
export const composeBindingFilter = (): Message =>
  extension(FILTERS.composeBinding, HEADER_MUTATION, {
    mutations: { request_mutations: [set(BINDING_HEADER, `${claim("azp")}|${claim("tenant_id")}`)] },
  });

/** Is this client bound to that tenant, and the tenant active? The list is a live file (live.ts). */
export const bindingsFilter = ({ topology }: RenderInput): Message =>
  discovered(
    FILTERS.bindings,
    topology,
    LIVE_FILES.bindings,
    any(RBAC, denyAll(DENIALS.bindingsUnavailable)),
  );

const denyAll = (policy: string): Message => ({
  rules: {
    action: "DENY",
    policies: { [policy]: { permissions: [{ any: true }], principals: [{ any: true }] } },
  },
});

/** A filter whose configuration is a live file. Until that was read once, `otherwise` is in force. */
export function discovered(name: string, topology: Topology, file: string, otherwise: Message): Message {
  const { live } = topology.services.envoy.directories;
  return {
    name,
    config_discovery: {
      config_source: {
        path_config_source: { path: `${live}/${file}`, watched_directory: { path: live } },
        resource_api_version: "V3",
      },
      default_config: otherwise,
      type_urls: [otherwise["@type"]],
    },
  };
}

/** What was matched exactly against the list is the tenant. */
export const tenantOfTokenFilter = (): Message =>
  extension(FILTERS.tenantOfToken, HEADER_MUTATION, {
    mutations: { request_mutations: [set(TENANT_HEADER, claim("tenant_id")), remove(BINDING_HEADER)] },
  });

const exactly = (...headers: readonly string[]): Message => ({
  patterns: headers.map((exact) => ({ exact, ignore_case: true })),
});

/** W3C trace context: the decision is a part of the caller's trace. */
const TRACE_HEADERS = ["traceparent", "tracestate"];

/** Asks the auth service. No answer, or one that cannot be used, is 503: senders keep what is not decided. */
export const authServiceFilter = ({ topology }: RenderInput): Message =>
  extension(FILTERS.authService, "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz", {
    transport_api_version: "V3",
    failure_mode_allow: false,
    status_on_error: { code: "ServiceUnavailable" },
    // Twice the same header must be seen as twice.
    encode_raw_headers: false,
    validate_mutations: true,
    // Beside Host, method, path and Authorization, which always go there.
    allowed_headers: exactly(
      API_KEY_HEADER,
      SERVICE_TOKEN_HEADER,
      REQUESTED_TENANT_HEADER,
      "x-request-id",
      ...TRACE_HEADERS,
    ),
    http_service: {
      server_uri: {
        uri: httpUrl(topology.services.auth, "http"),
        cluster: CLUSTERS.decisions,
        timeout: "2s",
      },
      path_prefix: "/authz",
      authorization_response: {
        allowed_upstream_headers: exactly(TENANT_HEADER, USER_HEADER),
        // Unset would mean all of them, the tenant's name among them.
        allowed_client_headers: exactly("content-type", "retry-after", "www-authenticate"),
      },
      // A decision changes nothing, so a connection that broke may be tried again.
      retry_policy: { retry_on: "connect-failure,reset,refused-stream", num_retries: 1 },
    },
  });

/** The grammar of an organisation id (model/names.ts). Small: RE2 programs over 100 instructions are refused. */
const ORGANISATION = "tenant-[a-z][a-z0-9]*(-[a-z0-9]+)*";

/** Whoever verified, nothing passes without exactly one tenant: `a|b`, `a,b` and none are "cannot decide". */
export const tenantDecidedFilter = (): Message =>
  extension(FILTERS.tenantDecided, RBAC, {
    rules: {
      action: "DENY",
      policies: {
        [DENIALS.tenantUndecided]: {
          permissions: [
            {
              not_rule: {
                header: { name: TENANT_HEADER, string_match: { safe_regex: { regex: ORGANISATION } } },
              },
            },
          ],
          principals: [{ any: true }],
        },
      },
    },
  });
