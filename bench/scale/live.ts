import { Agent } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EdgeClient } from "../../src/client/edge";
import { inParallel } from "../../src/client/pace";
import type { LabInput } from "../../src/lab/declare";
import type { Lab } from "../../src/lab/lab";
import type { Tenant } from "../../src/model/tenant";
import { ROUTES, type Route } from "../../src/model/routes";
import { renderDirectory } from "../../src/render/directory";
import { renderEnvoy } from "../../src/render/envoy";
import { cpuOf } from "../auth/cpu";
import { startEdge, type Edge } from "../auth/edge";
import { spread, type Spread } from "../auth/statistics";
import { inputOf } from "../common/list";
import type { Signer } from "../common/signer";
import { keyOf, keysOf } from "./keys";
import { memoryOf, replace, startAuth, type AuthService } from "./processes";

/** How often a tenant is added. */
const ADDED = 5;
const AT_ONCE = 16;
const LATEST_MS = 60_000;

/** Memory in bytes, times in milliseconds. */
export interface Live {
  readonly tenants: number;
  /** Since it has started, and after every tenant has written and read once. */
  readonly envoy: { readonly started: number; readonly warm: number };
  readonly auth: { readonly started: number; readonly warm: number };
  /** From the first rename until the new tenant's token is accepted, and until its key is. */
  readonly token: Spread;
  readonly key: Spread;
  /** CPU that Envoy and the auth service took for one addition. */
  readonly cpu: { readonly envoy: Spread; readonly auth: Spread };
  /** Of the live files of both, for one addition. */
  readonly render: Spread;
}

export interface Ground {
  readonly lab: Lab;
  readonly signer: Signer;
  /** Where all that passes the edge goes. */
  readonly upstream: number;
  readonly port: () => Promise<number>;
}

/** Real processes on the files of so many tenants, who all work, and to whom others are added one by one. */
export async function live(tenants: number, ground: Ground): Promise<Live> {
  const { lab, upstream, port } = ground;
  const input = inputOf(tenants + ADDED);
  const [list, added] = [input.tenants.slice(0, tenants), input.tenants.slice(tenants)];
  const directory = join(lab.directory, `scale-${tenants}`);
  await using auth = await startAuth(lab, directory, await port(), (pepper) => ({
    directory: directoryFile(input, list, lab),
    keys: keysOf(list, pepper).file,
  }));
  await using edge = await startEdge({
    ...{ environment: input.environment, tenants: list, lab: lab.topology, upstream, port },
    ...{ auth: auth.port, directory: join(directory, "envoy") },
  });
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const asker = new Asker(edge, lab.ca, agent, ground.signer);
  try {
    const started = { envoy: memoryOf(edge.pid), auth: memoryOf(auth.pid) };
    await inParallel(list, AT_ONCE, (tenant) => asker.works(tenant));
    const warm = { envoy: memoryOf(edge.pid), auth: memoryOf(auth.pid) };
    const additions: Addition[] = [];
    for (const index of added.keys())
      additions.push(await add([...list, ...added.slice(0, index + 1)], { input, lab, edge, auth, asker }));
    const of = (value: (one: Addition) => number): Spread => spread(additions.map(value));
    return {
      tenants,
      envoy: { started: started.envoy, warm: warm.envoy },
      auth: { started: started.auth, warm: warm.auth },
      token: of((one) => one.token),
      key: of((one) => one.key),
      cpu: { envoy: of((one) => one.envoy), auth: of((one) => one.auth) },
      render: of((one) => one.render),
    };
  } finally {
    agent.destroy();
  }
}

const directoryFile = ({ environment }: LabInput, tenants: readonly Tenant[], { topology }: Lab): string =>
  renderDirectory({ environment, tenants, topology })
    .map(({ content }) => content)
    .join("");

interface Addition {
  readonly token: number;
  readonly key: number;
  readonly envoy: number;
  readonly auth: number;
  readonly render: number;
}

interface Running {
  readonly input: LabInput;
  readonly lab: Lab;
  readonly edge: Edge;
  readonly auth: AuthService;
  readonly asker: Asker;
}

/** The last of these is new: refused until now, and accepted as soon as what runs works by the new files. */
async function add(
  tenants: readonly Tenant[],
  { input, lab, edge, auth, asker }: Running,
): Promise<Addition> {
  const fresh = tenants.at(-1);
  if (fresh === undefined) throw new Error("There is no tenant to add.");
  const token = await asker.credential(fresh);
  const before = [await asker.write(token), await asker.read(fresh)];
  if (before.join() !== "403,401") throw new Error(`A tenant that is not there is answered ${before.join()}`);
  const began = performance.now();
  const lists = renderEnvoy({ environment: input.environment, tenants, topology: edge.topology });
  const keys = keysOf(tenants, auth.pepper).file;
  const directory = directoryFile(input, tenants, lab);
  const render = performance.now() - began;
  const cpu = { envoy: cpuOf(edge.pid), auth: cpuOf(auth.pid) };
  const renamed = performance.now();
  for (const { kind, target, content } of lists) if (kind === "live") replace(target, content);
  replace(auth.files.directory, directory);
  replace(auth.files.keys, keys);
  const [byToken, byKey] = await Promise.all([
    until(() => asker.write(token), renamed),
    until(() => asker.read(fresh), renamed),
  ]);
  await quiet(edge.pid);
  return {
    token: byToken,
    key: byKey,
    envoy: (cpuOf(edge.pid) - cpu.envoy) / 1_000,
    auth: (cpuOf(auth.pid) - cpu.auth) / 1_000,
    render,
  };
}

/** Between two questions. */
const PAUSE_MS = 5;

/** Milliseconds until it is answered 200. */
async function until(ask: () => Promise<number>, since: number): Promise<number> {
  for (;;) {
    if ((await ask()) === 200) return performance.now() - since;
    if (performance.now() - since > LATEST_MS) throw new Error(`not accepted within ${LATEST_MS / 1_000} s`);
    await sleep(PAUSE_MS);
  }
}

const QUIET_MS = 300;
/** CPU of a process that has nothing to do, in that time: microseconds. */
const IDLE = 10_000;

/** Until it works no more: it may let a tenant in before it has read all of its files. */
async function quiet(pid: number): Promise<void> {
  const end = performance.now() + LATEST_MS;
  for (let before = -Infinity; performance.now() < end;) {
    await sleep(QUIET_MS);
    const now = cpuOf(pid);
    if (now - before <= IDLE) return;
    before = now;
  }
}

const WRITE = ROUTES.find(({ id }) => id === "otlp-http-traces");

/** Speaks as a tenant's agent, and as its Grafana. */
class Asker {
  readonly #edge: EdgeClient;
  #items = 0;

  constructor(
    { port }: Edge,
    ca: string,
    agent: Agent,
    private readonly signer: Signer,
  ) {
    const url = `https://localhost:${port}`;
    const urls = { otlpHttp: url, query: url, otlpGrpc: `localhost:${port}` };
    this.#edge = new EdgeClient({ urls, ca }, { agent, timeoutMs: LATEST_MS });
  }

  async credential(tenant: Tenant): Promise<string> {
    return `Bearer ${await this.signer.token(tenant)}`;
  }

  async write(authorization: string): Promise<number> {
    const { status } = await this.#edge.write(WRITE as Route, `scale_item_${this.#items++}`, {
      authorization,
    });
    return status;
  }

  async read(tenant: Tenant): Promise<number> {
    const headers = { authorization: `Bearer ${keyOf(tenant)}` };
    return (await this.#edge.ask("otlpHttp", "/loki/api/v1/labels", { headers })).status;
  }

  /** Throws unless both are accepted. */
  async works(tenant: Tenant): Promise<void> {
    const answers = [await this.write(await this.credential(tenant)), await this.read(tenant)];
    if (answers.join() !== "200,200") throw new Error(`${tenant.id} is answered ${answers.join()}`);
  }
}
