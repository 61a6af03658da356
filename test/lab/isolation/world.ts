import type { Lab } from "../../../src/lab/lab";
import { marked, type Marked } from "../../../src/client/telemetry";
import { ROUTES, type Listener, type Route } from "../../../src/model/routes";
import { sharedLab } from "../shared";
import { Forge } from "./forge";
import { Ledger, type Attempt, type Outcome } from "./ledger";
import { send, type Header, type Incoming, type Outgoing } from "./wire";

export type Credentials = readonly Header[];

export const isWrite = ({ right }: Route): boolean => "signal" in right && right.verb === "write";
export const isRead = ({ right }: Route): boolean => "signal" in right && right.verb === "read";
/** One of the two entries of a path that API keys have an entry of their own for. */
export const WRITES = ROUTES.filter((route) => isWrite(route) && route.credential === undefined);
export const READS = ROUTES.filter(isRead);

const isKey = ([name, value]: Header): boolean =>
  ["x-api-key", "x-service-token"].includes(name.toLowerCase()) ||
  (name.toLowerCase() === "authorization" && /^(Bearer atl_|Basic )/.test(value));

/** The entry of the table that takes it: API keys have their own for some paths. */
export function entryFor(route: Route, credentials: Credentials): string {
  const own = ROUTES.find(({ path, credential }) => path === route.path && credential === "apiKey");
  return own !== undefined && credentials.some(isKey) ? own.id : route.id;
}

const BATCH = 24;

/** All of them, some at a time. */
export async function each<T>(
  items: readonly T[],
  run: (item: T) => Promise<void>,
  atOnce = BATCH,
): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const item of rest) await run(item);
    }),
  );
}

export interface Try {
  readonly what: string;
  readonly route: Route;
  readonly listener?: Listener;
  readonly credentials: Credentials;
  readonly outcome: Outcome;
  /** Of the path, beginning with `?`. */
  readonly query?: string;
  readonly method?: string;
  readonly http2?: boolean;
  /** In the audit, when it is another one than the route's own; `undefined`: not said. */
  readonly audited?: string | undefined;
}

/** The lab, a forge in it, and a ledger of what is tried. */
export class World implements AsyncDisposable {
  private constructor(
    readonly lab: Lab,
    readonly forge: Forge,
    readonly ledger: Ledger,
  ) {}

  static async open(): Promise<World> {
    const lab = await sharedLab();
    const forge = await Forge.open(lab);
    return new World(lab, forge, new Ledger(lab));
  }

  bearer = (token: string): Header => ["authorization", `Bearer ${token}`];

  /** A good token of an agent, by the forge. */
  agent = async (tenant: string, claims: Readonly<Record<string, unknown>> = {}): Promise<Header> =>
    this.bearer(await this.forge.sign(this.forge.agent(tenant, claims)));

  /** The read key of a tenant. */
  key = (tenant: string): string => this.forge.outputs.tenants[tenant]?.readKey ?? "";

  /** Sends what the route takes with these credentials, and notes what has to come of it. */
  async try({ what, route, listener, credentials, outcome, ...how }: Try): Promise<Incoming> {
    const at = listener ?? route.listeners[0] ?? "otlpHttp";
    const [mark, source] = [this.ledger.mark(), this.ledger.source()];
    const outgoing = request(route, at, mark, credentials, how);
    const answer = await send(this.lab, { ...outgoing, source }, how.http2);
    this.note({
      ...{ mark, source, outcome, answer, headers: credentials },
      what: `${what} | ${at} ${route.id}`,
      ...("audited" in how
        ? how.audited !== undefined && { route: how.audited }
        : { route: entryFor(route, credentials) }),
      grpc: at === "otlpGrpc",
    });
    return answer;
  }

  note(attempt: Attempt): void {
    this.ledger.add(attempt);
  }

  settle = (): Promise<void> => this.ledger.settle();

  async [Symbol.asyncDispose](): Promise<void> {
    await this.forge[Symbol.asyncDispose]();
  }
}

/** A path of the route with its parameters filled in. */
export const concrete = (route: Route): string =>
  `${route.path.replaceAll(/\{[a-z]+\}/g, "0123456789abcdef")}${route.prefix === true ? "/keys" : ""}`;

/** What a client of the route would send, with this mark in it. */
export function request(
  route: Route,
  listener: Listener,
  mark: string,
  credentials: Credentials,
  { query = "", method }: Pick<Try, "query" | "method"> = {},
): Omit<Outgoing, "source"> {
  if (!isWrite(route)) {
    const path = `${concrete(route)}${query === "" ? "?" : `${query}&`}query=${mark}`;
    const upgrade: Credentials = route.websocket === true ? WEBSOCKET : [];
    return {
      listener,
      method: method ?? route.methods[0] ?? "GET",
      path,
      headers: [...credentials, ...upgrade],
    };
  }
  const item: Marked = marked(route, mark);
  const headers: Credentials = [
    ["content-type", item.contentType],
    ...Object.entries(item.headers),
    ...credentials,
  ];
  return { listener, method: method ?? "POST", path: `${route.path}${query}`, headers, body: item.body };
}

const WEBSOCKET: Credentials = [
  ["connection", "Upgrade"],
  ["upgrade", "websocket"],
  ["sec-websocket-version", "13"],
  ["sec-websocket-key", "AQIDBAUGBwgJCgsMDQ4PEC=="],
];
