import { EDGE_AUDIENCE, REALM } from "../../src/model/names";
import { PORTS } from "../../src/model/services";
import type { Container } from "./containers";
import { eachManager } from "./edge";
import { isSame, pb, pbAt, seconds, type Edge } from "./envoy";
import { nothing, type Rule, type Violation } from "./rule";
import { fields, list, text, UNKNOWN, type Fields } from "./values";

const REMEDY = `Take tokens of the realm ${REALM} alone, by the keys that our own Keycloak gives (src/render/envoy): another realm's, or another server's, tokens name any tenant.`;
const KEYCLOAK = `keycloak:${PORTS.keycloak.http}`;
const KEYS_PATH = `/realms/${REALM}/protocol/openid-connect/certs`;
/** Clients' secrets are sent there. */
const TOKEN_PATH = `/realms/${REALM}/protocol/openid-connect/token`;
/** Seconds: a token that outlives them would outlive a suspension. */
const LONGEST_LIFE = 600;
const LARGEST_SKEW = 60;

export const tokensComeFromOurRealm: Rule = {
  name: "tokens-come-from-our-realm",
  description:
    "Envoy and the auth service believe the tokens of our realm alone, checked with its own keys, and only while they are young.",
  check: (context) => {
    const services = context.containers.filter(
      ({ service, helper }) => service === "auth" && helper === undefined,
    );
    return [
      ...eachManager(context, REMEDY, ({ filters }) =>
        filters
          .filter(({ type }) => type === "JwtAuthentication")
          .flatMap(({ name, config }) =>
            Object.entries(fields(config["providers"])).flatMap(([provider, settings]) =>
              strangers(fields(settings), context.edge).map(
                (problem) => `${name} (provider ${provider}) ${problem}`,
              ),
            ),
          ),
      ),
      ...(services.length === 0 ? [nothing("container of the auth service")] : services.flatMap(authService)),
    ];
  },
};

const isRealm = (issuer: string | undefined): boolean => issuer?.endsWith(`/realms/${REALM}`) === true;

const pathOf = (url: string | undefined): string | undefined =>
  url !== undefined && URL.canParse(url) ? new URL(url).pathname : undefined;

function strangers(provider: Fields, edge: Edge): readonly string[] {
  const issuer = text(provider["issuer"]) ?? "";
  const source = pbAt(provider, "remote_jwks", "http_uri");
  const cluster = text(pb(source, "cluster")) ?? "";
  const uri = text(pb(source, "uri"));
  const endpoints = edge.clusters.get(cluster) ?? [];
  const life = seconds(pb(provider, "max_lifetime"));
  const skew = Number(pb(provider, "clock_skew_seconds") ?? LARGEST_SKEW);
  return [
    // No issuer at all is another rule's.
    ...(issuer === "" || isRealm(issuer)
      ? []
      : [`takes the tokens of ${issuer}, which is not the realm ${REALM}`]),
    ...(pb(provider, "local_jwks") === undefined ? [] : ["has keys of its own (local_jwks)"]),
    ...(endpoints.length > 0 && endpoints.every((endpoint) => isSame(endpoint, KEYCLOAK))
      ? []
      : [
          `takes its keys from ${endpoints.join(", ") || `the unknown cluster ${JSON.stringify(cluster)}`} instead of ${KEYCLOAK}`,
        ]),
    ...(pathOf(uri) === KEYS_PATH
      ? []
      : [`takes its keys from ${uri ?? "nowhere"} instead of ${KEYS_PATH} of Keycloak`]),
    // None at all is another rule's.
    ...(life !== undefined && life > LONGEST_LIFE
      ? [`takes tokens that live ${life} s (at most ${LONGEST_LIFE})`]
      : []),
    ...(skew >= 0 && skew <= LARGEST_SKEW
      ? []
      : [`takes tokens ${skew} s after their end (clock_skew_seconds, at most ${LARGEST_SKEW})`]),
  ];
}

function authService({ resource, environment }: Container): readonly Violation[] {
  if (resource.inputs["envs"] === UNKNOWN || list(resource.inputs["envs"]).includes(UNKNOWN)) return [];
  const values = new Map(environment);
  const keys = values.get("ATALAYA_JWKS_URL");
  const demands: readonly (readonly [name: string, ok: boolean, wanted: string])[] = [
    ["ATALAYA_ISSUER", isRealm(values.get("ATALAYA_ISSUER")), `.../realms/${REALM}`],
    [
      "ATALAYA_JWKS_URL",
      leadsToKeycloak(keys) && pathOf(keys) === KEYS_PATH,
      `http://${KEYCLOAK}${KEYS_PATH}`,
    ],
    [
      "ATALAYA_TOKEN_URL",
      leadsToKeycloak(values.get("ATALAYA_TOKEN_URL")) &&
        pathOf(values.get("ATALAYA_TOKEN_URL")) === TOKEN_PATH,
      `http://${KEYCLOAK}${TOKEN_PATH}`,
    ],
    ["ATALAYA_AUDIENCE", values.get("ATALAYA_AUDIENCE") === EDGE_AUDIENCE, EDGE_AUDIENCE],
  ];
  return demands
    .filter(([, ok]) => !ok)
    .map(([name, , wanted]) => ({
      resource,
      message: `The auth service's ${name} is ${JSON.stringify(values.get(name) ?? "unset")}.`,
      remedy: `Set it to ${wanted} (components/control): whose tokens count decides whose data is read, and who is asked for them is told secrets.`,
    }));
}

/** `keycloak:8090`, and in Kubernetes with its suffixes. */
const leadsToKeycloak = (url: string | undefined): boolean =>
  url !== undefined && URL.canParse(url) && isSame(new URL(url).host, KEYCLOAK);
