import type { Ask, Response } from "../../src/client/edge";
import type { ProbeTenant, World } from "../../src/client/probe-session";
import { traceId } from "../../src/client/telemetry";
import type { Route } from "../../src/model/routes";

/** Ways in which an edge, or what is behind it, keeps tenants apart badly. */
export interface Faults {
  /** Its own credential finds another tenant's data. */
  readonly readLeak?: { readonly who: string; readonly whose: string };
  /** The header is believed when it names this tenant, alone or among several. */
  readonly headerLeak?: { readonly whose: string; readonly joined?: true };
  /** The header is believed when something is written. */
  readonly writeLeak?: { readonly whose: string };
  /** The header is not refused, and steers nothing. */
  readonly headerIgnored?: true;
  /** Nobody can write. */
  readonly deaf?: true;
  /** Suspension reaches nobody. */
  readonly suspensionIgnored?: true;
  /** Reads find what was written only when they asked so often before. */
  readonly slow?: number;
}

const answer = (status: number, body: unknown = {}): Response => ({
  status,
  headers: { "retry-after": "0" },
  body: JSON.stringify(body),
});
const DENIED = answer(403, { code: "tenant_denied" });
const bearer = (value: unknown): string => String(value).replace("Bearer ", "");

/** The edge and the backends behind it, in memory. */
export class FakeWorld implements World {
  readonly #stored: { readonly tenant: string; readonly mark: string; asked: number }[] = [];

  constructor(
    private readonly tenants: readonly ProbeTenant[],
    private readonly faults: Faults = {},
  ) {}

  readonly token: World["token"] = ({ clientId }) => {
    const owner = this.tenants.find(({ clients }) => clients.some((client) => client.clientId === clientId));
    if (owner?.state === "suspended" && this.faults.suspensionIgnored === undefined)
      return Promise.reject(new Error(`Keycloak gives ${clientId} no token: 401 invalid_client`));
    return Promise.resolve(owner?.organisation ?? "");
  };

  readonly edge: World["edge"] = {
    write: (_route: Route, mark: string, headers?: Readonly<Record<string, string>>) => {
      if (this.faults.deaf) return Promise.resolve(answer(503, { code: "unavailable" }));
      const asked = headers?.["x-scope-orgid"];
      // Envoy itself takes the tenant from the token, and no notice of the header.
      const believed = asked !== undefined && asked === this.faults.writeLeak?.whose;
      this.#stored.push({ tenant: believed ? asked : bearer(headers?.["authorization"]), mark, asked: 0 });
      return Promise.resolve(answer(200));
    },
    ask: (_listener: string, path: string, asked?: Ask) =>
      Promise.resolve(this.#ask(path, asked?.headers ?? {})),
  };

  #ask(path: string, headers: NonNullable<Ask["headers"]>): Response {
    const key = bearer(headers["authorization"]);
    const owner = this.tenants.find(({ readKey }) => readKey === key);
    if (owner === undefined) return answer(401, { code: "key_invalid" });
    if (owner.state === "suspended" && this.faults.suspensionIgnored === undefined) return DENIED;
    const seen = this.#sees(owner.organisation, headers["x-scope-orgid"]?.toString());
    return seen === undefined ? DENIED : this.#search(seen, path);
  }

  /** Whose data a read gets; undefined when it is refused. */
  #sees(own: string, asked: string | undefined): readonly string[] | undefined {
    const { readLeak, headerLeak, headerIgnored } = this.faults;
    if (asked === undefined || asked === own)
      return [own, ...(readLeak?.who === own ? [readLeak.whose] : [])];
    const several = asked.split("|");
    if (headerLeak !== undefined && several.includes(headerLeak.whose))
      if (several.length > 1 === (headerLeak.joined ?? false)) return several;
    return headerIgnored === true ? [own] : undefined;
  }

  #search(tenants: readonly string[], path: string): Response {
    const text = decodeURIComponent(path);
    const found = this.#stored.filter(
      (item) =>
        tenants.includes(item.tenant) &&
        (text.includes(item.mark) || path.endsWith(traceId(item.mark))) &&
        item.asked++ >= (this.faults.slow ?? 0),
    );
    if (path.includes("/traces/")) return found.length > 0 ? answer(200, { batches: [{}] }) : answer(404);
    return answer(200, { data: { result: found.map(({ mark }) => mark) } });
  }
}

export const tenantsOf = (count: number, suspended: readonly number[] = []): readonly ProbeTenant[] =>
  Array.from({ length: count }, (_, index): ProbeTenant => {
    const id = `t${String(index).padStart(2, "0")}`;
    return {
      id,
      state: suspended.includes(index) ? "suspended" : "active",
      organisation: `tenant-${id}`,
      readKey: `atl_${id}`,
      clients: [{ clientId: `agent-${id}`, clientSecret: "secret" }],
    };
  });
