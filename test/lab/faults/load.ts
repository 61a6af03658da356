import { Agent } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { EdgeClient, type Response } from "../../../src/client/edge";
import type { Lab } from "../../../src/lab/lab";
import { orgId, type OrgId, type TenantId } from "../../../src/model/names";
import { ROUTES, type Route } from "../../../src/model/routes";

export function route(id: string): Route {
  const found = ROUTES.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no route ${id}`);
  return found;
}

/** HTTP's status; gRPC's code, from 0, where it is a gRPC route. Text: the connection's error. */
export type Outcome = number | string;

/** A gRPC call whose trailers never came has no outcome, whatever HTTP's status was. */
export const outcomeOf = (of: Route, { status, grpcStatus }: Response): Outcome =>
  of.listeners.includes("otlpGrpc") ? (grpcStatus ?? "no grpc-status") : status;

/** Somebody who sends all the time: one item after the other, each with a mark of its own. */
export interface Sender {
  readonly tenant: TenantId;
  readonly route: Route;
  readonly headers: () => Promise<Readonly<Record<string, string>>> | Readonly<Record<string, string>>;
}

/** What became of what was sent. */
export interface Delivered {
  /** Items that somebody acknowledged. */
  readonly accepted: number;
  /** Everything but an acknowledgement, and how often. */
  readonly refused: Readonly<Record<string, number>>;
  /** Acknowledged and not stored for its tenant. */
  readonly lost: readonly string[];
  /** Stored for another tenant than its own. */
  readonly mixed: readonly string[];
  /** Stored once too often, and once more for every time more. */
  readonly duplicates: number;
}

let runs = 0;
const running = new Set<Load>();

/** After a test: one that failed has left its load behind. */
export function abandonLoads(): void {
  for (const load of running) load.abandon();
}

/**
 * Load that goes on until it is stopped, and is counted exactly. A sender does as an agent: what is not acknowledged it sends
 * again, the same, until it is.
 */
export class Load {
  readonly #run = `load_${process.pid}_${runs++}`;
  readonly #edge: EdgeClient;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #accepted = new Map<string, OrgId>();
  readonly #refused = new Map<string, number>();
  readonly #loops: Promise<void>[];
  #stopping = false;
  #abandoned = false;

  constructor(
    private readonly lab: Lab,
    senders: readonly Sender[],
    /** Between two items of a sender; a refused one is sent again after as long. */
    private readonly everyMs = 20,
  ) {
    this.#edge = new EdgeClient(lab, { agent: this.#agent });
    running.add(this);
    this.#loops = senders.map((sender, index) => this.#send(sender, index));
  }

  /** Acknowledged so far. */
  get accepted(): number {
    return this.#accepted.size;
  }

  /** The marks of what was acknowledged, with their organisation. */
  get marks(): ReadonlyMap<string, OrgId> {
    return this.#accepted;
  }

  get refused(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#refused].sort());
  }

  /** Everybody ends with an acknowledgement. Asserts nothing. */
  async stop(): Promise<Delivered> {
    this.#stopping = true;
    await Promise.all(this.#loops);
    this.abandon();
    return this.#count();
  }

  /** At once, whatever was not acknowledged. */
  abandon(): void {
    this.#stopping = true;
    this.#abandoned = true;
    this.#agent.destroy();
    running.delete(this);
  }

  async #send({ tenant, route, headers }: Sender, index: number): Promise<void> {
    for (let item = 0; !this.#stopping; item++) {
      const mark = `${this.#run}_${index}_${item}_end`;
      while (!isGood(await this.#once(route, mark, headers))) {
        await sleep(this.everyMs);
        if (this.#abandoned) return;
      }
      this.#accepted.set(mark, orgId(tenant));
      await sleep(this.everyMs);
    }
  }

  async #once(route: Route, mark: string, headers: Sender["headers"]): Promise<Outcome> {
    const outcome = await this.#attempt(route, mark, headers);
    if (!isGood(outcome)) this.#refused.set(`${outcome}`, (this.#refused.get(`${outcome}`) ?? 0) + 1);
    return outcome;
  }

  async #attempt(route: Route, mark: string, headers: Sender["headers"]): Promise<Outcome> {
    try {
      return outcomeOf(route, await this.#edge.write(route, mark, await headers()));
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    }
  }

  #count(): Delivered {
    const marks = new RegExp(`${this.#run}_\\d+_\\d+_end`, "g");
    const tenants = new Set(this.lab.store.stored().map(({ tenant = "" }) => tenant));
    const stored = new Map(
      [...tenants].map((tenant) => [tenant, this.lab.store.marks(marks, { tenant })] as const),
    );
    const accepted = [...this.#accepted];
    const own = [...stored].flatMap(([, found]) => [...found]);
    return {
      accepted: accepted.length,
      refused: this.refused,
      lost: accepted.filter(([mark, tenant]) => stored.get(tenant)?.has(mark) !== true).map(([mark]) => mark),
      mixed: accepted.flatMap(([mark, tenant]) =>
        [...stored]
          .filter(([of, found]) => of !== tenant && found.has(mark))
          .map(([of]) => `${mark} of ${tenant} is stored for ${of}`),
      ),
      duplicates: own.reduce((sum, [, count]) => sum + count - 1, 0),
    };
  }
}

const isGood = (outcome: Outcome): boolean => outcome === 0 || outcome === 200 || outcome === 204;

/** Nothing lost, nothing mixed, nothing twice and nothing refused. */
export const FLAWLESS = { refused: {}, lost: [], mixed: [], duplicates: 0 } as const;
/** Nothing lost and nothing mixed; what was refused came later, perhaps twice. */
export const COMPLETE = { lost: [], mixed: [] } as const;
