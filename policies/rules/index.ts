import type { Recording } from "../../src/model/recording";
import { adminIsUnreachable } from "./admin-is-unreachable";
import { agentsMaskSecrets } from "./agents-mask-secrets";
import { agentsStayApart } from "./agents-stay-apart";
import { backendsKeepTenantsApart } from "./backends-keep-tenants-apart";
import { backendsRefuseStrangers } from "./backends-refuse-strangers";
import { bindingsRefuseByDefault } from "./bindings-refuse-by-default";
import { clientsCarryOneTenant } from "./clients-carry-one-tenant";
import { collectorsBoundWhatTheyTake } from "./collectors-bound-what-they-take";
import { collectorsLoseNothing } from "./collectors-lose-nothing";
import { containersAreConfined } from "./containers-are-confined";
import { prepare, type Context } from "./context";
import { credentialsStayAtTheEdge } from "./credentials-stay-at-the-edge";
import { dataIsProtected } from "./data-is-protected";
import { everyRequestIsOnRecord } from "./every-request-is-on-record";
import { everyRouteHasAVerifier } from "./every-route-has-a-verifier";
import { everyTenantHasLimits } from "./every-tenant-has-limits";
import { extAuthzFailsClosed } from "./ext-authz-fails-closed";
import { grafanaStaysInItsOrganisation } from "./grafana-stays-in-its-organisation";
import { imagesArePinned } from "./images-are-pinned";
import { innerZonesPublishNothing } from "./inner-zones-publish-nothing";
import { isolationBeforeCredentials } from "./isolation-before-credentials";
import { namesAreUnique } from "./names-are-unique";
import { noSharedCredential } from "./no-shared-credential";
import { noSharedDataSource } from "./no-shared-data-source";
import { oneListOfTenants } from "./one-list-of-tenants";
import { peopleEnterTheirOwnOrganisation } from "./people-enter-their-own-organisation";
import { peopleLogInByClosedClients } from "./people-log-in-by-closed-clients";
import { providersWaitForTheirServers } from "./providers-wait-for-their-servers";
import { publishedPortsNameAnAddress } from "./published-ports-name-an-address";
import { retentionHasAnEnd } from "./retention-has-an-end";
import type { Rule, Violation } from "./rule";
import { secretsStaySecret } from "./secrets-stay-secret";
import { DEFAULTS, type Settings } from "./settings";
import { staticFilesNameNoTenant } from "./static-files-name-no-tenant";
import { storesAskForPasswords } from "./stores-ask-for-passwords";
import { theAuthServiceDecides } from "./the-auth-service-decides";
import { theCollectorSaysWhoseItIs } from "./the-collector-says-whose-it-is";
import { theEdgeLimitsEverybody } from "./the-edge-limits-everybody";
import { theEdgeSpeaksTls } from "./the-edge-speaks-tls";
import { tokensAreCheckedStrictly } from "./tokens-are-checked-strictly";
import { tokensComeFromOurRealm } from "./tokens-come-from-our-realm";
import { trustedHeadersAreStripped } from "./trusted-headers-are-stripped";
import { volumesStayWithTheirProcess } from "./volumes-stay-with-their-process";

/** Every rule, by name. All of them are mandatory everywhere. */
export const RULES: readonly Rule[] = [
  adminIsUnreachable,
  agentsMaskSecrets,
  agentsStayApart,
  backendsKeepTenantsApart,
  backendsRefuseStrangers,
  bindingsRefuseByDefault,
  clientsCarryOneTenant,
  collectorsBoundWhatTheyTake,
  collectorsLoseNothing,
  containersAreConfined,
  credentialsStayAtTheEdge,
  dataIsProtected,
  everyRequestIsOnRecord,
  everyRouteHasAVerifier,
  everyTenantHasLimits,
  extAuthzFailsClosed,
  grafanaStaysInItsOrganisation,
  imagesArePinned,
  innerZonesPublishNothing,
  isolationBeforeCredentials,
  namesAreUnique,
  noSharedCredential,
  noSharedDataSource,
  oneListOfTenants,
  peopleEnterTheirOwnOrganisation,
  peopleLogInByClosedClients,
  providersWaitForTheirServers,
  publishedPortsNameAnAddress,
  retentionHasAnEnd,
  secretsStaySecret,
  staticFilesNameNoTenant,
  storesAskForPasswords,
  theAuthServiceDecides,
  theCollectorSaysWhoseItIs,
  theEdgeLimitsEverybody,
  theEdgeSpeaksTls,
  tokensAreCheckedStrictly,
  tokensComeFromOurRealm,
  trustedHeadersAreStripped,
  volumesStayWithTheirProcess,
];

/** A violation as plain data, for printing and for comparing. */
export interface Finding {
  readonly policy: string;
  readonly tenant?: string;
  /** The stack's own where it is the environment as a whole. */
  readonly urn: string;
  readonly message: string;
  readonly remedy: string;
}

export interface Evaluation {
  /** Names of the rules that found nothing wrong, sorted. */
  readonly passed: readonly string[];
  /** Sorted by policy, URN and message. */
  readonly violations: readonly Finding[];
}

/** Runs every rule. Never throws: a rule that cannot decide is a violation of it. */
export function evaluate(
  recording: Recording,
  rules: readonly Rule[] = RULES,
  settings: Settings = DEFAULTS,
): Evaluation {
  const context = prepare(recording, settings);
  const violations = rules.flatMap((rule) => findings(rule, context)).sort(byText);
  const violated = new Set(violations.map(({ policy }) => policy));
  return {
    passed: rules.map(({ name }) => name).filter((name) => !violated.has(name)).sort(), // prettier-ignore
    violations,
  };
}

/** One rule's violations, for the policy pack as well. */
export function findings(rule: Rule, context: Context): readonly Finding[] {
  const { project, stack } = context.recording;
  const whole = `urn:pulumi:${stack}::${project}::pulumi:pulumi:Stack::${project}-${stack}`;
  return check(rule, context).map(({ resource, message, remedy, ...rest }) => {
    // Where the resource is declared says whose it is, if the rule does not.
    const tenant = rest.tenant ?? (resource === undefined ? undefined : context.tenants.of(resource)?.id);
    return {
      policy: rule.name,
      ...(tenant !== undefined && { tenant }),
      urn: resource?.urn ?? whole,
      message,
      remedy,
    };
  });
}

function check(rule: Rule, context: Context): readonly Violation[] {
  try {
    return rule.check(context);
  } catch (error) {
    return [
      {
        message: `The rule could not decide: ${error instanceof Error ? error.message : String(error)}`,
        remedy: "Mend what it could not read. Until then this counts as violated.",
      },
    ];
  }
}

const byText = (a: Finding, b: Finding): number => {
  const [left, right] = [a, b].map(({ policy, urn, message }) => `${policy}\n${urn}\n${message}`);
  return (left ?? "") < (right ?? "") ? -1 : 1;
};
