import { Agent } from "node:https";
import { EdgeClient } from "../client/edge";
import { kinds, probe, type ProbeOptions } from "../client/probes";
import type { ProbeTenant } from "../client/probe-session";
import { tokenOf } from "../client/reach";
import { matrixOf, planPairs, type Matrix, type Observation, type Plan } from "../client/tenant-matrix";
import type { ClientCredentials } from "../client/token";
import { toJson } from "../render/yaml";
import { UsageError } from "./errors";
import { CHECKED } from "./health";
import { formatMatrix } from "./matrix-text";
import { pick } from "./pick";
import { step } from "./progress";
import { target, type Target, type TargetOptions } from "./target";
import { agentsOf } from "./token";

export interface CheckTenantsOptions extends TargetOptions {
  /** Only pairs with one of these. */
  readonly tenant?: readonly string[];
  /** Every way to write, not OTLP over HTTP alone. */
  readonly all: boolean;
  /** Every pair, however many tenants there are. */
  readonly full: boolean;
  /** Seconds that an item may take until its own tenant finds it. */
  readonly wait: string;
  readonly json: boolean;
}

const TIMEOUT_MS = 10_000;
const LONGEST_WAIT_MS = 3_600_000;

/** Proves on a running environment that tenants are apart, prints that and returns the exit code. */
export async function checkTenants(options: CheckTenantsOptions): Promise<number> {
  const waitMs = /^\d+(\.\d+)?$/.test(options.wait) ? Number(options.wait) * 1_000 : NaN;
  if (!(waitMs <= LONGEST_WAIT_MS))
    throw new UsageError(
      `--wait ${options.wait}: say a number of seconds up to ${LONGEST_WAIT_MS / 1_000}, such as --wait 60`,
    );
  const found = await target(options);
  const tenants = tenantsOf(found);
  if (tenants.length === 0) throw new UsageError(`There are no tenants in ${found.name}: nothing to check.`);
  for (const id of options.tenant ?? []) pick("tenant", found.name, id, found.outputs.tenants);
  const plan = planPairs(
    tenants.map(({ id }) => id),
    { full: options.full, named: options.tenant ?? [] },
  );
  const matrix = matrixOf(
    tenants,
    await observe(found, { tenants, pairs: plan.pairs, kinds: kinds(options.all), waitMs }),
  );
  const good = matrix.worst === "right";
  process.stdout.write(
    options.json ? toJson(asJson(matrix, plan)) : `${formatMatrix(matrix, plan, { name: found.name })}\n`,
  );
  return good ? CHECKED.good : CHECKED.bad;
}

const tenantsOf = ({ outputs }: Target): readonly ProbeTenant[] =>
  Object.entries(outputs.tenants)
    .map(([id, own]) => ({ id, ...own, clients: agentsOf(id, own) }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));

async function observe(
  { outputs }: Target,
  options: Omit<ProbeOptions, "step">,
): Promise<readonly Observation[]> {
  const { endpoints, caCertificate, keycloakUrl } = outputs;
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const urls = { ...endpoints, query: endpoints.otlpHttp };
  const edge = new EdgeClient({ urls, ca: caCertificate }, { timeoutMs: TIMEOUT_MS, agent });
  try {
    const world = { edge, token: (client: ClientCredentials) => tokenOf(keycloakUrl, client) };
    return await probe(world, { ...options, step });
  } finally {
    agent.destroy();
  }
}

const asJson = ({ worst, tenants, cells, findings }: Matrix, plan: Plan) => ({
  good: worst === "right",
  worst,
  tenants: tenants.map(({ id, state }) => ({ id, state })),
  tried: plan.pairs.length,
  possible: plan.possible,
  ...(plan.rule !== undefined && { rule: plan.rule }),
  cells: cells.map(({ who, whose, verdict }) => ({ who, whose, verdict })),
  findings,
});
