import {
  CREDENTIAL_HEADERS,
  REQUESTED_TENANT_HEADER,
  TRUSTED_HEADERS,
  UNTRUSTED_HEADERS,
} from "../../model/headers";
import { any, extension, remove, set, type Message } from "../../render/envoy/protobuf";
import { CLUSTERS } from "./clusters";
import type { KitHost } from "../kit/host";
import type { EnvoyPlace } from "./setting";

export const INJECTOR = "envoy.filters.http.credential_injector";
/** The SDS secret that {@link secretResource} delivers. */
const SECRET = "client-secret";

/** Fetches a token with the client's secret, again at half of its life, and puts it on every request of ours. */
export const tokenFilter = ({ clientId, endpoints }: KitHost, { sds }: EnvoyPlace): Message =>
  extension(INJECTOR, "envoy.extensions.filters.http.credential_injector.v3.CredentialInjector", {
    overwrite: true,
    // Without one the edge would answer 401, at which senders drop what they have.
    allow_request_without_credential: false,
    credential: extension(
      "envoy.http.injected_credentials.oauth2",
      "envoy.extensions.http.injected_credentials.oauth2.v3.OAuth2",
      {
        token_endpoint: { uri: endpoints.tokenUrl, cluster: CLUSTERS.keycloak, timeout: "10s" },
        token_fetch_retry_interval: "2s",
        client_credentials: {
          client_id: clientId,
          auth_type: "URL_ENCODED_BODY",
          client_secret: {
            name: SECRET,
            sds_config: {
              path_config_source: { path: sds },
              resource_api_version: "V3",
            },
          },
        },
      },
    ),
  });

/** What `sds.yaml` holds: where the secret is, and not the secret. */
export const secretResource = ({ secrets }: EnvoyPlace): Message => ({
  resources: [
    any("envoy.extensions.transport_sockets.tls.v3.Secret", {
      name: SECRET,
      generic_secret: { secret: { filename: `${secrets}/client-secret` } },
    }),
  ],
});

/** Before anything else: no sender chooses a tenant or brings a credential of its own. */
export const strip = (): Message =>
  extension(
    "envoy.http.early_header_mutation.header_mutation",
    "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
    {
      mutations: [
        ...CREDENTIAL_HEADERS,
        REQUESTED_TENANT_HEADER,
        ...TRUSTED_HEADERS,
        ...UNTRUSTED_HEADERS,
      ].map(remove),
    },
  );

/** Seconds, as the edge says. */
const RETRY_AFTER = 5;
const OTHER = { code: "local_refused", message: "The local Envoy did not pass this on." } as const;

/** An answer of its own that means "not now", whatever Envoy would call it: when (CEL), and what instead. */
interface NotNow {
  readonly when: string;
  readonly code: string;
  readonly message: string;
}

const NOT_NOW: readonly NotNow[] = [
  // The injector's own refusal says 401, at which senders drop what they have; and only a token is missing.
  { when: "response.code == 401", code: "token_unavailable", message: "There is no token yet. Try again." },
  {
    when: "response.code in [408, 502, 503, 504]",
    code: "edge_unavailable",
    message: "The environment cannot be reached. Try again.",
  },
];

const GRPC: Message = {
  header_filter: { header: { name: "content-type", string_match: { prefix: "application/grpc" } } },
};

const condition = (expression: string): Message => ({
  extension_filter: extension(
    "envoy.access_loggers.extension_filters.cel",
    "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
    { expression },
  ),
});

const unavailable = (filter: Message, body: Message): Message => ({
  filter,
  status_code: 503,
  headers_to_add: [
    {
      header: { key: "retry-after", value: `${RETRY_AFTER}` },
      append_action: "OVERWRITE_IF_EXISTS_OR_ADD",
    },
  ],
  body_format_override: body,
});

/** What this Envoy answers itself. For gRPC the body is the whole message. */
export const localReplies = (): Message => ({
  mappers: NOT_NOW.flatMap(({ when, code, message }) => [
    unavailable(
      { and_filter: { filters: [GRPC, condition(when)] } },
      { text_format_source: { inline_string: message } },
    ),
    unavailable(condition(when), { json_format: { code, message } }),
  ]),
  body_format: { json_format: OTHER },
});

/**
 * The edge refuses the token: it has ended while no newer one could be had. Its sender can do nothing about that but wait, so it
 * is told to. A refused client (403) stays what it is: that is for good.
 */
export const refusedTokenFilter = (grpc: boolean): Message =>
  grpc
    ? extension("atalaya.refused-token", "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation", {
        mutations: {
          response_mutations: [grpcStatus("headers")],
          response_trailers_mutations: [grpcStatus("trailers")],
        },
      })
    : extension("atalaya.refused-token", "envoy.extensions.filters.http.lua.v3.Lua", {
        default_source_code: { inline_string: REFUSED_TOKEN },
      });

/** UNAUTHENTICATED becomes UNAVAILABLE. */
const grpcStatus = (where: "headers" | "trailers"): Message => {
  const status = `response.${where}['grpc-status']`;
  return set("grpc-status", `%CEL(${status} == '16' ? '14' : ${status})%`, "OVERWRITE_IF_EXISTS");
};

const REFUSED_TOKEN = `function envoy_on_response(handle)
  local headers = handle:headers()
  if headers:get(":status") == "401" then
    headers:replace(":status", "503")
    headers:replace("retry-after", "${RETRY_AFTER}")
    headers:remove("www-authenticate")
  end
end
`;
