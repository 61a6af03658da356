import { renameSync, rmSync, statSync, writeFileSync } from "node:fs";
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
import { formatMatrixPage } from "./matrix-page";
import { formatMatrix } from "./matrix-text";
import { typedPath } from "./load";
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
  /** Also writes the result there, as a page. */
  readonly html?: string;
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
  const page = options.html === undefined ? undefined : pageFile(options.html);
  const found = await target(options);
  const tenants = tenantsOf(found);
  if (tenants.length === 0) throw new UsageError(`There are no tenants in ${found.name}: nothing to check.`);
  for (const id of options.tenant ?? []) pick("tenant", found.name, id, found.outputs.tenants);
  const plan = planPairs(
    tenants.map(({ id }) => id),
    { full: options.full, named: options.tenant ?? [] },
  );
  const ways = kinds(options.all);
  const started = new Date();
  const seen = await observe(found, { tenants, pairs: plan.pairs, kinds: ways, waitMs });
  const ended = new Date();
  const matrix = matrixOf(tenants, seen);
  const good = matrix.worst === "right";
  process.stdout.write(
    options.json ? toJson(asJson(matrix, plan)) : `${formatMatrix(matrix, plan, { name: found.name })}\n`,
  );
  page?.write(
    formatMatrixPage({
      ...{ matrix, plan, seen, started, ended, name: found.name },
      endpoints: endpointsOf(found),
      routes: ways.map(({ route }) => route.id),
    }),
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

/** By what names people know them. Credentials are nobody's business on a page that is passed on. */
const endpointsOf = ({ outputs: { endpoints, keycloakUrl } }: Target) => ({
  "OTLP over HTTP, reads": endpoints.otlpHttp,
  "OTLP over gRPC": endpoints.otlpGrpc,
  Keycloak: keycloakUrl,
});

/** Throws UsageError before anything is tried when nothing can be written there; what was there stays until it is replaced. */
function pageFile(name: string): { readonly write: (text: string) => void } {
  const file = typedPath(name);
  const fresh = `${file}.new-${process.pid}`;
  const attempt = (run: () => void): void => {
    try {
      run();
    } catch (error) {
      rmSync(fresh, { force: true });
      throw new UsageError(`--html ${name}: cannot be written: ${(error as Error).message}`, {
        cause: error,
      });
    }
  };
  attempt(() => {
    if (name === "" || statSync(file, { throwIfNoEntry: false })?.isDirectory() === true)
      throw new Error("it is a directory. Name a file.");
    writeFileSync(fresh, "");
    rmSync(fresh);
  });
  return {
    write: (text) => {
      attempt(() => {
        writeFileSync(fresh, text);
        renameSync(fresh, file);
      });
    },
  };
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
