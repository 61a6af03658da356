import { randomBytes } from "node:crypto";
import type { Signal } from "../model/names";
import { ROUTES, type Route } from "../model/routes";
import { inParallel } from "./pace";
import { ProbeSession, type ProbeTenant, type Seen, type World } from "./probe-session";
import type { Observation, Pair, Way } from "./tenant-matrix";

export interface ProbeOptions {
  readonly tenants: readonly ProbeTenant[];
  readonly pairs: readonly Pair[];
  readonly kinds: readonly Kind[];
  /** For an item to be found by its own tenant. */
  readonly waitMs: number;
  /** Requests of all tenants together. */
  readonly perSecond?: number;
  /** Runs a step that may take long, under a name; `far` says how far it is. */
  readonly step?: (what: string, run: () => Promise<void>, far: () => string) => Promise<void>;
}

/** A way to write, and the signal by which what it wrote is found. */
export interface Kind {
  readonly route: Route;
  readonly signal: Signal;
}

const agentWrites: readonly Kind[] = ROUTES.flatMap((route) =>
  route.verifier === "agentJwt" && "signal" in route.right && route.right.verb === "write"
    ? [{ route, signal: route.right.signal }]
    : [],
);

/** Every signal by OTLP over HTTP, or all that an agent may write by. */
export const kinds = (all: boolean): readonly Kind[] =>
  agentWrites.filter(({ route }) => all || route.id.startsWith("otlp-http-"));

const AT_ONCE = 8;
const unseen: NonNullable<ProbeOptions["step"]> = (_what, run) => run();

/** Tries everything and returns what was seen. Data are marked items alone, which age out with the tenant's others. */
export async function probe(world: World, options: ProbeOptions): Promise<readonly Observation[]> {
  const { tenants, pairs, waitMs, step = unseen } = options;
  const run = new Run(world, options);
  const involved = new Set(pairs.flatMap(({ who, whose }) => [who, whose]));
  const taking = tenants.filter(({ id }) => involved.has(id) || tenants.length === 1);
  const each = <T>(what: string, items: readonly T[], tried: (item: T) => Promise<void>): Promise<void> => {
    let done = 0;
    const counted = async (item: T): Promise<void> => {
      await tried(item);
      done++;
    };
    return step(
      what,
      () => inParallel(items, AT_ONCE, counted),
      () => `${done} of ${items.length}`,
    );
  };
  await each("Each tenant writes and reads its own data", taking, (tenant) => run.own(tenant, waitMs));
  await each("Pairs of tenants try each other's", pairs, (pair) => run.others(pair));
  // What is written after everything else and is there already tells that the rest would be, too.
  await each("Each tenant writes once more and waits for it", taking, (tenant) =>
    run.barrier(tenant, waitMs),
  );
  await each("Looking for what was written for others", pairs, (pair) => run.planted(pair, waitMs));
  return run.seen;
}

class Run {
  readonly seen: Observation[] = [];
  readonly #session: ProbeSession;
  readonly #tenants: ReadonlyMap<string, ProbeTenant>;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #kinds: readonly Kind[];
  readonly #id = `atalaya_check_${randomBytes(5).toString("hex")}`;
  /** Writes for another tenant that were taken. */
  readonly #taken = new Set<string>();
  /** Kinds that work for somebody: with others every pair would only wait for no answer. */
  readonly #working = new Set<Kind>();
  /** Who does not find what they write themselves: nobody waits for them again. */
  readonly #lost = new Set<string>();

  constructor(world: World, { tenants, kinds, perSecond }: ProbeOptions) {
    this.#session = new ProbeSession(world, perSecond);
    this.#kinds = kinds;
    this.#tenants = new Map(tenants.map((tenant) => [tenant.id, tenant]));
    this.#numbers = new Map(tenants.map(({ id }, number) => [id, number]));
  }

  async own(tenant: ProbeTenant, waitMs: number): Promise<void> {
    const active = tenant.state === "active";
    for (const kind of this.#kinds) {
      const { route, signal } = kind;
      const mark = this.#mark("own", route, tenant.id);
      const pair = { who: tenant.id, whose: tenant.id };
      if (this.#onlyReads(tenant)) {
        const asked = await this.#session.read(tenant, signal, mark);
        if (asked.outcome !== "absent") this.#note(pair, "read", route.id, asked);
        this.#lost.add(`${tenant.id} ${route.id}`);
        continue;
      }
      const wrote = await this.#session.write(tenant, route, mark);
      this.#note(pair, "write", route.id, wrote);
      const soon = active && wrote.outcome === "done" ? waitMs : 0;
      const read = await this.#session.readSoon(tenant, signal, mark, soon);
      this.#note(pair, "read", route.id, read);
      if (read.outcome === "done" || !this.#anyActive) this.#working.add(kind);
      else this.#lost.add(`${tenant.id} ${route.id}`);
    }
  }

  async others(pair: Pair): Promise<void> {
    const [who, whose] = this.#both(pair);
    for (const { route, signal } of this.#working) {
      const mark = this.#mark("own", route, whose.id);
      this.#note(pair, "read", route.id, await this.#session.read(who, signal, mark));
      const foreign = this.#mark("for", route, who.id, whose.id);
      const wrote = await this.#session.write(who, route, foreign, whose.organisation);
      this.#note(pair, "writeFor", route.id, wrote);
      if (wrote.outcome === "done") this.#taken.add(foreign);
    }
    // However it was written, it is read by the same routes: once for a signal.
    for (const kind of new Map([...this.#working].map((kind) => [kind.signal, kind])).values())
      await this.#readFor(pair, kind);
  }

  /** With the header in every form that names the other. */
  async #readFor(pair: Pair, { route, signal }: Kind): Promise<void> {
    const [who, whose] = this.#both(pair);
    const [mine, theirs] = [who.organisation, whose.organisation];
    const mark = this.#mark("own", route, whose.id);
    const forms = { theirs, "theirs|own": `${theirs}|${mine}`, "own|theirs": `${mine}|${theirs}` };
    for (const [form, asked] of Object.entries(forms))
      this.#note(pair, "readFor", `${route.id}, ${form}`, await this.#session.read(who, signal, mark, asked));
  }

  async barrier(tenant: ProbeTenant, waitMs: number): Promise<void> {
    if (tenant.state !== "active") return;
    for (const { route, signal } of this.#working) {
      const mark = this.#mark("end", route, tenant.id);
      const { outcome } = await this.#session.write(tenant, route, mark);
      const lost = this.#lost.has(`${tenant.id} ${route.id}`);
      if (outcome === "done" && !lost) await this.#session.readSoon(tenant, signal, mark, waitMs);
    }
  }

  async planted(pair: Pair, waitMs: number): Promise<void> {
    const [who, whose] = this.#both(pair);
    for (const { route, signal } of this.#working) {
      const mark = this.#mark("for", route, who.id, whose.id);
      const theirs = whose.state === "active" ? await this.#session.read(whose, signal, mark) : undefined;
      if (theirs !== undefined) this.#note(pair, "planted", route.id, theirs);
      const lost = this.#lost.has(`${who.id} ${route.id}`);
      if (this.#taken.has(mark) && who.state === "active" && theirs?.outcome !== "done" && !lost)
        this.#note(pair, "landed", route.id, await this.#session.readSoon(who, signal, mark, waitMs));
    }
  }

  /** It has no agent, and so nothing of its own to find; others can still prove that there is something to be found. */
  #onlyReads({ state, clients }: ProbeTenant): boolean {
    const writers = [...this.#tenants.values()].some(
      (one) => one.state === "active" && one.clients.length > 0,
    );
    return state === "active" && clients.length === 0 && writers;
  }

  get #anyActive(): boolean {
    return [...this.#tenants.values()].some(({ state }) => state === "active");
  }

  #note({ who, whose }: Pair, way: Way, by: string, { outcome, detail }: Seen): void {
    this.seen.push({ who, whose, way, by, outcome, ...(detail !== undefined && { detail }) });
  }

  #both({ who, whose }: Pair): readonly [ProbeTenant, ProbeTenant] {
    const [first, second] = [this.#tenants.get(who), this.#tenants.get(whose)];
    if (first === undefined || second === undefined) throw new Error(`no tenant ${who} or ${whose}`);
    return [first, second];
  }

  /** None is part of another: each number has letters on both sides. */
  #mark(what: string, { id }: Route, ...tenants: readonly string[]): string {
    const kind = this.#kinds.findIndex(({ route }) => route.id === id);
    const numbers = tenants.map((tenant) => `t${this.#numbers.get(tenant) ?? 0}`).join("_");
    return `${this.#id}_k${kind}_${what}_${numbers}_x`;
  }
}
