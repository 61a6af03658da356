import { setTimeout as sleep } from "node:timers/promises";
import { TENANT_HEADER } from "../model/headers";
import { defaultAgentId, type Signal, type TenantId } from "../model/names";
import type { Route } from "../model/routes";
import type { EdgeClient, Response } from "./edge";
import { Pace } from "./pace";
import { hasFound, searchPath } from "./searches";
import type { Observation, Outcome } from "./tenant-matrix";
import type { ClientCredentials } from "./token";

/** A tenant with what it proves itself by. */
export interface ProbeTenant {
  readonly id: string;
  readonly state: "active" | "suspended";
  readonly organisation: string;
  readonly readKey: string;
  /** Of its agents. */
  readonly clients: readonly ClientCredentials[];
}

export interface World {
  readonly edge: Pick<EdgeClient, "ask" | "write">;
  /** A new access token. Throws when there is none. */
  readonly token: (client: ClientCredentials) => Promise<string>;
}

export type Seen = Pick<Observation, "outcome" | "detail">;

/** Of all requests together: a live environment's agents may share an address with whoever asks, and its limit. */
const PER_SECOND = 250;
const TRIES = 3;
/** Milliseconds. */
const SHORTEST_WAIT = 200;
const LONGEST_WAIT = 2_000;
/** Well below a token's life. Milliseconds. */
const TOKEN_MS = 120_000;

/** Tries things in the name of tenants. Answers that ask to come again later are heeded. */
export class ProbeSession {
  readonly #pace: Pace;
  readonly #tokens = new Map<string, { readonly since: number; readonly token: Promise<string | Seen> }>();

  constructor(
    private readonly world: World,
    perSecond = PER_SECOND,
  ) {
    this.#pace = new Pace(perSecond);
  }

  /** Sends a marked item as a tenant's agent. */
  async write(who: ProbeTenant, route: Route, mark: string, asked?: string): Promise<Seen> {
    const token = await this.#token(who);
    if (typeof token !== "string") return token;
    const headers = { authorization: `Bearer ${token}`, ...forTenant(asked) };
    return this.#answered(
      () => this.world.edge.write(route, mark, headers),
      () => true,
    );
  }

  /** Looks for a marked item with a tenant's read key. */
  read(who: ProbeTenant, signal: Signal, mark: string, asked?: string): Promise<Seen> {
    const headers = { authorization: `Bearer ${who.readKey}`, ...forTenant(asked) };
    return this.#answered(
      () => this.world.edge.ask("otlpHttp", searchPath(signal, mark), { headers }),
      (response) => hasFound(signal, mark, response),
    );
  }

  /** Until it is found or the time is over. */
  async readSoon(who: ProbeTenant, signal: Signal, mark: string, waitMs: number): Promise<Seen> {
    const end = performance.now() + waitMs;
    for (let pause = 250; ; pause = Math.min(pause * 2, 2_000)) {
      const seen = await this.read(who, signal, mark);
      if (seen.outcome === "done" || seen.outcome === "refused" || performance.now() + pause > end)
        return seen.outcome === "absent" && waitMs > 0
          ? { ...seen, detail: `not found within ${waitMs / 1_000} s` }
          : seen;
      await sleep(pause);
    }
  }

  async #answered(
    ask: () => Promise<Response>,
    found: (response: Response) => boolean | undefined,
  ): Promise<Seen> {
    for (let tried = 1; ; tried++) {
      await this.#pace.turn();
      const answer = await ask().catch((error: unknown) => (error as Error).message);
      const seen = typeof answer === "string" ? failed(answer) : outcomeOf(answer, found);
      if (seen.outcome !== "failed" || tried === (typeof answer === "string" ? 2 : TRIES)) return seen;
      await sleep(typeof answer === "string" ? SHORTEST_WAIT : waitOf(answer));
    }
  }

  /** Of the first of its agents that is given one; why not, when none is. */
  async #token(who: ProbeTenant): Promise<string | Seen> {
    const known = this.#tokens.get(who.id);
    if (known !== undefined && performance.now() - known.since < TOKEN_MS) return known.token;
    const token = this.#fetchToken(who);
    this.#tokens.set(who.id, { since: performance.now(), token });
    return token;
  }

  async #fetchToken({ id, clients }: ProbeTenant): Promise<string | Seen> {
    const usual = defaultAgentId(id as TenantId);
    const inOrder = [...clients].sort((a, b) => Number(b.clientId === usual) - Number(a.clientId === usual));
    let why = "has no agent";
    for (const client of inOrder) {
      await this.#pace.turn();
      try {
        return await this.world.token(client);
      } catch (error) {
        why = (error as Error).message;
      }
    }
    // Keycloak answers a client that is disabled with 401; anything else says nothing.
    return { outcome: /\b40[013]\b|has no agent/.test(why) ? "refused" : "failed", detail: why };
  }
}

const forTenant = (asked: string | undefined): Readonly<Record<string, string>> =>
  asked === undefined ? {} : { [TENANT_HEADER]: asked };

const failed = (detail: string): Seen => ({ outcome: "failed", detail });

function outcomeOf(response: Response, found: (response: Response) => boolean | undefined): Seen {
  const { status, grpcStatus } = response;
  const said = described(response);
  if (status === 401 || status === 403 || grpcStatus === 7 || grpcStatus === 16)
    return { outcome: "refused", detail: said };
  const done = status < 300 && (grpcStatus ?? 0) === 0 ? found(response) : undefined;
  // A search for a trace that is not there is no success and still an answer.
  const answered = done ?? (status === 404 ? found(response) : undefined);
  if (answered === undefined) return failed(said);
  const outcome: Outcome = answered ? "done" : "absent";
  return { outcome, detail: said };
}

/** `503 authorization_unavailable` */
export function described({ status, grpcStatus, body, headers }: Response): string {
  if (grpcStatus !== undefined && grpcStatus !== 0)
    return `gRPC ${grpcStatus} ${headers["grpc-message"]?.toString().replaceAll("%20", " ") ?? ""}`.trim();
  const [, code = ""] = /"code":"([a-z_]+)"/.exec(body) ?? [];
  return `${status} ${code}`.trim();
}

const waitOf = ({ headers }: Response): number =>
  Math.max(SHORTEST_WAIT, Math.min(LONGEST_WAIT, Number(headers["retry-after"] ?? 1) * 1_000 || 0));
