import { join } from "node:path";
import type { ClientCredentials } from "../client/token";
import { defaultAgentId, type TenantId } from "../model/names";
import { endpointsOf, listenFor } from "../onboard/endpoints";
import { unreachable } from "../onboard/kit/host";
import { SECRET_PATHS, type Onboarding, type OnboardFile, type Shipper } from "../onboard/model";
import { directoryOf } from "../onboard/shippers";
import { toJson } from "../render/yaml";
import { EXIT, UsageError } from "./errors";
import { typedPath } from "./load";
import {
  checkStack,
  declaredOf,
  declaredTenant,
  usualElsewhere,
  warningOf,
  type DeclaredTenant,
} from "./onboard-agent";
import { askedOf, type Asked, type OnboardOptions } from "./onboard-asked";
import { checkEmpty, writeHandedOut } from "./onboard-files";
import { pick } from "./pick";
import { target, type Target } from "./target";
import { agentsOf } from "./token";

export type { OnboardOptions };

/** Writes or prints a shipper's configuration for a tenant, and returns the exit code. */
export async function onboard(tenant: string, options: OnboardOptions): Promise<number> {
  const asked = askedOf(options);
  if (options.out !== undefined) checkEmpty(typedPath(options.out));
  if (asked.shipper.isAgent === true) checkStack(options);
  const found = await target(options);
  const known = knownOf(tenant, found, asked, options);
  const onboarding = onboardingOf(known);
  const files = [
    ...directoryOf(asked.name, onboarding),
    ...(options.withSecret ? [secretFile(known.client.clientSecret)] : []),
  ];
  tell(asked.shipper, onboarding, files, options);
  return EXIT.good;
}

/** The agent that is named, or the tenant's usual one, or its only one. */
function senderOf(tenant: string, found: Target, asked: string | undefined): ClientCredentials {
  const own = pick("tenant", found.name, tenant, found.outputs.tenants);
  if (own.state === "suspended")
    throw new UsageError(
      `Tenant ${tenant} is suspended: whatever its shippers send is refused. To let it in again: state: active in tenants.yaml, and apply.`,
    );
  const agents = Object.fromEntries(agentsOf(tenant, own).map((agent) => [agent.clientId, agent]));
  const names = Object.keys(agents);
  const [only] = names;
  if (only === undefined)
    throw new UsageError(
      `Tenant ${tenant} has no agent to send as. Add one: agents in tenants.yaml, and apply.`,
    );
  const usual = [defaultAgentId(tenant as TenantId), ...(names.length === 1 ? [only] : [])].find((name) =>
    names.includes(name),
  );
  const named = asked ?? usual;
  if (named === undefined)
    throw new UsageError(
      `Tenant ${tenant} has ${names.length} agents. Say which one sends: --client ${names.join(" | ")}`,
    );
  return pick("agent", `tenant ${tenant} of ${found.name}`, named, agents);
}

interface Known {
  readonly tenant: string;
  readonly client: ClientCredentials;
  readonly found: Target;
  readonly asked: Asked;
  readonly options: OnboardOptions;
  /** Of the shipper that is an agent. */
  readonly declared?: DeclaredTenant;
}

function knownOf(tenant: string, found: Target, asked: Asked, options: OnboardOptions): Known {
  const known = { tenant, found, asked, options };
  if (asked.shipper.isAgent !== true) return { ...known, client: senderOf(tenant, found, options.client) };
  const declared = declaredTenant(tenant, options.stack);
  const named = options.client ?? usualElsewhere(declared, options.force === true);
  return { ...known, client: senderOf(tenant, found, named), declared };
}

function onboardingOf({ tenant, client: { clientId }, found, asked, options, declared }: Known): Onboarding {
  const { signals, directory, logFiles } = asked;
  const endpoints = endpointsOf(found.outputs);
  const onboarding = {
    ...{ environment: found.name, option: found.option, tenant, clientId },
    organisation: found.outputs.tenants[tenant]?.organisation ?? "",
    ...{ signals, endpoints, listen: listenFor(endpoints) },
    authority: found.outputs.caCertificate,
    ...{ directory, logFiles },
  };
  if (declared === undefined) return onboarding;
  const force = options.force === true;
  const why = force ? undefined : unreachable(onboarding);
  if (why !== undefined) throw new UsageError(why);
  return { ...onboarding, declared: declaredOf(declared, clientId, force) };
}

/** Exactly its bytes: some programs would send a newline with it. */
const secretFile = (content: string): OnboardFile => ({
  path: SECRET_PATHS.clientSecret,
  content,
  mode: 0o600,
});

/** Standard output is for the files, standard error for the reader. */
function tell(
  shipper: Shipper,
  onboarding: Onboarding,
  files: readonly OnboardFile[],
  { out, json, withSecret }: OnboardOptions,
): void {
  const missing = withSecret
    ? []
    : [`${SECRET_PATHS[shipper.credential]} is missing still: README.md says how it gets there.`];
  if (json) process.stdout.write(toJson({ directory: onboarding.directory, files }));
  if (out !== undefined) writeHandedOut(typedPath(out), files, shipper.ownUser === true);
  else if (!json) process.stdout.write(files.find(({ path }) => path === shipper.main)?.content ?? "");
  const next =
    out === undefined
      ? [
          `Only ${shipper.main} is shown, as for ${onboarding.directory}. With the certificate, a README and all else: --out DIR`,
        ]
      : [
          `${files.length} files written to ${out}, for ${onboarding.tenant}'s ${shipper.title}.`,
          ...missing,
          ...warningOf(onboarding),
          `Start it   ${shipper.guide(onboarding).start}`,
          `Then       ${join(out, "README.md")}`,
        ];
  if (!json || out !== undefined) process.stderr.write(`${next.join("\n")}\n`);
}
