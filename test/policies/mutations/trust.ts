import { edit } from "../environment";
import { bootstrap, eachListener, EXT_AUTHZ, filters, JWT } from "./envoy";
import type { Block, Mutations } from "./mutation";

/** Whom the edge believes, and who could listen in. */
const provider = (change: (provider: Block) => void) =>
  filters(JWT, (config) => {
    change((config["providers"] as { keycloak: Block }).keycloak);
  });

interface Remote {
  http_uri: { cluster: string; uri: string };
}

const auth = (name: string, value: string) =>
  edit("Container auth-container", ({ inputs }) => {
    inputs["envs"] = (inputs["envs"] as string[]).map((line) =>
      line.startsWith(`${name}=`) ? `${name}=${value}` : line,
    );
  });

const asked = (change: (service: Block) => void) =>
  filters(EXT_AUTHZ, (config) => {
    change(config["http_service"] as Block);
  });

export const TRUST: Mutations = {
  "tokens-come-from-our-realm": [
    {
      what: "another realm's tokens count",
      apply: provider((settings) => {
        settings["issuer"] = "http://localhost:8090/realms/master";
      }),
      messages: eachListener(
        `${JWT} (provider keycloak) takes the tokens of http://localhost:8090/realms/master, which is not the realm observability`,
      ),
    },
    {
      what: "the keys come from a backend",
      apply: provider((settings) => {
        (settings["remote_jwks"] as Remote).http_uri.cluster = "loki";
      }),
      messages: eachListener(
        `${JWT} (provider keycloak) takes its keys from loki:3100 instead of keycloak:8090`,
      ),
    },
    {
      what: "the keys are another realm's",
      apply: provider((settings) => {
        (settings["remote_jwks"] as Remote).http_uri.uri =
          "http://keycloak:8090/realms/master/protocol/openid-connect/certs";
      }),
      messages: eachListener(
        `${JWT} (provider keycloak) takes its keys from http://keycloak:8090/realms/master/protocol/openid-connect/certs instead of /realms/observability/protocol/openid-connect/certs of Keycloak`,
      ),
    },
    {
      what: "tokens live for a day",
      apply: provider((settings) => {
        settings["max_lifetime"] = "86400s";
      }),
      messages: eachListener(`${JWT} (provider keycloak) takes tokens that live 86400 s (at most 600)`),
    },
    {
      what: "tokens live on after their end",
      apply: provider((settings) => {
        settings["clock_skew_seconds"] = 86_400;
      }),
      messages: eachListener(
        `${JWT} (provider keycloak) takes tokens 86400 s after their end (clock_skew_seconds, at most 60)`,
      ),
    },
    {
      what: "the auth service believes another realm",
      apply: auth("ATALAYA_ISSUER", "http://localhost:8090/realms/master"),
      messages: [`The auth service's ATALAYA_ISSUER is "http://localhost:8090/realms/master".`],
    },
    {
      what: "the auth service takes its keys from elsewhere",
      apply: auth("ATALAYA_JWKS_URL", "https://evil.example/realms/observability/certs"),
      messages: [`The auth service's ATALAYA_JWKS_URL is "https://evil.example/realms/observability/certs".`],
    },
    {
      what: "the auth service takes every audience's tokens",
      apply: auth("ATALAYA_AUDIENCE", "account"),
      messages: [`The auth service's ATALAYA_AUDIENCE is "account".`],
    },
  ],
  "the-auth-service-decides": [
    {
      what: "a backend decides",
      apply: asked((service) => {
        (service["server_uri"] as Block)["cluster"] = "mimir";
      }),
      messages: eachListener(`${EXT_AUTHZ} asks mimir:9009 instead of auth:8000`),
    },
    {
      what: "the auth service is asked whether it is well",
      apply: asked((service) => {
        service["path_prefix"] = "/healthz?";
      }),
      messages: eachListener(`${EXT_AUTHZ} asks with the path prefix "/healthz?" instead of "/authz"`),
    },
  ],
  "bindings-refuse-by-default": [
    {
      what: "without its list the edge lets everybody in",
      apply: bootstrap(({ http_filters }) => {
        for (const { name, config_discovery: discovery } of http_filters)
          if (name === "atalaya.bindings" && discovery !== undefined) {
            const config = discovery["default_config"] as { rules: Block };
            config.rules["action"] = "ALLOW";
          }
      }),
      messages: eachListener(
        "atalaya.bindings lets requests pass while its list is missing (default_config)",
      ),
    },
  ],
  "the-edge-speaks-tls": [
    {
      what: "programs send their keys in plain",
      apply: bootstrap((_, chain) => {
        if (chain["name"] === "otlpHttp") delete chain["transport_socket"];
      }),
      messages: ["Listener otlpHttp: a filter chain takes plain connections (no transport_socket)."],
    },
  ],
};
