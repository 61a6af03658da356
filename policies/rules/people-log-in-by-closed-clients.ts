import { EDGE_AUDIENCE } from "../../src/model/names";
import type { ResourceRecord } from "../../src/model/recording";
import { CLIENT } from "./clients-carry-one-tenant";
import type { Context } from "./context";
import { nothing, type Rule, type Violation } from "./rule";
import { text, texts, UNKNOWN } from "./values";

const USER = "keycloak:index/user:User";
const AUDIENCE = "keycloak:openid/audienceProtocolMapper:AudienceProtocolMapper";

/** Ways in by which a token reaches somebody who did not log in where he meant to, or no person at all. */
const CLOSED = [
  "implicitFlowEnabled",
  "directAccessGrantsEnabled",
  "serviceAccountsEnabled",
  "oauth2JwtAuthorizationGrantEnabled",
  "standardTokenExchangeEnabled",
] as const;

type Problem = Pick<Violation, "message" | "remedy">;

export const peopleLogInByClosedClients: Rule = {
  name: "people-log-in-by-closed-clients",
  description:
    "A client that people log in by sends them to exact addresses only, has no way in without them (but demonstration users' passwords), and only one without any address gets tokens for the edge.",
  check: ({ graph, tenants }) => {
    const clients = graph.ofType(CLIENT).filter((client) => tenants.of(client) === undefined);
    if (clients.length === 0) return [nothing("client that people log in by")];
    const forEdge = clientsForEdge(graph);
    // Generated passwords of people who are ours: a real person's would be typed into whatever asks for it.
    const passwords = graph.ofType(USER).length > 0;
    return clients.flatMap((resource) =>
      [...flows(resource, passwords), ...addresses(resource), ...audience(resource, forEdge)].map(
        (problem) => ({
          resource,
          ...problem,
        }),
      ),
    );
  },
};

function flows({ name, inputs }: ResourceRecord, passwords: boolean): readonly Problem[] {
  const onDevices = inputs["oauth2DeviceAuthorizationGrantEnabled"] === true;
  const open = CLOSED.filter((flow) => inputs[flow] !== undefined && inputs[flow] !== false).filter(
    (flow) => !(flow === "directAccessGrantsEnabled" && passwords && onDevices),
  );
  return [
    ...open.map((flow) => ({
      message: `Client ${name} has ${flow}.`,
      remedy: `Leave ${flow} off: people log in with the code flow and PKCE, or with a code on a device.`,
    })),
    ...(inputs["fullScopeAllowed"] === false
      ? []
      : [
          {
            message: `Client ${name} has fullScopeAllowed ${JSON.stringify(inputs["fullScopeAllowed"] ?? "unset, which means true")}.`,
            remedy: "Set fullScopeAllowed to false: its tokens carry only what its own mappers put in.",
          },
        ]),
    ...(inputs["standardFlowEnabled"] === true ? codeFlow(name, inputs) : []),
  ];
}

const codeFlow = (name: string, inputs: ResourceRecord["inputs"]): readonly Problem[] => [
  ...(inputs["accessType"] === "CONFIDENTIAL"
    ? []
    : [
        {
          message: `Client ${name} has the code flow without a secret.`,
          remedy:
            "Make it CONFIDENTIAL, or leave standardFlowEnabled off: whoever listens on its address would be given tokens.",
        },
      ]),
  ...(inputs["pkceCodeChallengeMethod"] === "S256"
    ? []
    : [
        {
          message: `Client ${name} has the code flow without PKCE.`,
          remedy: 'Set pkceCodeChallengeMethod to "S256": a code that was overheard is worth nothing then.',
        },
      ]),
];

/** Where it sends people, and which pages may read its tokens: only its own, each written out. */
function addresses({ name, inputs }: ResourceRecord): readonly Problem[] {
  const root = originOf(text(inputs["rootUrl"]));
  return ["validRedirectUris", "validPostLogoutRedirectUris", "webOrigins"].flatMap((field) =>
    texts(inputs[field])
      .filter((address) => !address.includes(UNKNOWN))
      .filter((address) => address.includes("*") || root === undefined || originOf(address) !== root)
      .map((address) => ({
        message: `Client ${name}: ${field} has ${JSON.stringify(address)}, which is not one address of its own.`,
        remedy:
          "Write the whole address, below rootUrl and without a wildcard: tokens go to whoever answers there.",
      })),
  );
}

function originOf(address: string | undefined): string | undefined {
  try {
    return address === undefined ? undefined : new URL(address).origin;
  } catch {
    return undefined;
  }
}

/** Grafana's tenants choose where it sends requests, so what it holds must open nothing here. */
const audience = ({ urn, name, inputs }: ResourceRecord, forEdge: ReadonlySet<string>): readonly Problem[] =>
  forEdge.has(urn) && inputs["oauth2DeviceAuthorizationGrantEnabled"] !== true
    ? [
        {
          message: `Client ${name} gets tokens for ${EDGE_AUDIENCE}.`,
          remedy: "Take the audience out: only the client that people use on their own device has it.",
        },
      ]
    : [];

const clientsForEdge = (graph: Context["graph"]): ReadonlySet<string> =>
  new Set(
    graph
      .ofType(AUDIENCE)
      .filter(({ inputs }) =>
        [inputs["includedCustomAudience"], inputs["includedClientAudience"]].includes(EDGE_AUDIENCE),
      )
      .flatMap(({ dependsOn }) => dependsOn),
  );
