import { request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createHash, randomBytes } from "node:crypto";
import { tenantApi } from "../../../src/auth/api/app";
import type { AuditEvent, AuditQuery, AuditReader, AuditRecord } from "../../../src/auth/api/audit";
import type { Answered } from "../../../src/auth/api/context";
import { identify } from "../../../src/auth/api/identify";
import { type ApiKey, type ApiKeys, type Condition, type DataEntry, type DataStore, type Page, type Principal, StoreUnavailable, type Written } from "../../../src/auth/api/ports"; // prettier-ignore
import type { Grant, Issued } from "../../../src/auth/api/token-issuer";
import type { Refusal, Refused } from "../../../src/auth/decisions/refusal";
import type { RefusalReader } from "../../../src/auth/decisions/store";
import { parseDirectory } from "../../../src/auth/directory";
import { createAuthServer } from "../../../src/auth/server";
import type { DirectoryTenant } from "../../../src/model/directory";
import { bearer, keys as declaredKeys, knowledge, PERSON } from "../world";

export const OTHER_PERSON = "0a1b2c3d-0b7d-4c1e-9a55-3d2f1e0c9b8a";
const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
const random = (length: number): string =>
  [...randomBytes(length)].map((byte) => ALPHABET[byte % 32]).join("");

const service = (tenant: string, name: string, ...scopes: readonly string[]) => ({
  clientId: `service-${tenant}-${name}`,
  scopes,
});
const tenant = (id: string, state: string) => ({
  ...{ id, orgId: `tenant-${id}`, state, agents: [`agent-${id}`] },
  services: [
    service(id, "reader", "data:read"),
    service(id, "writer", "data:*"),
    service(id, "keys", "api-keys:manage", "logs:*"),
    service(id, "auditor", "audit:read"),
    service(id, "shop", "orders:read"),
  ],
});
const directory = parseDirectory(
  JSON.stringify({ version: 1, tenants: [tenant("mx", "active"), tenant("pe", "active"), tenant("co", "suspended")] }),
); // prettier-ignore

/** Every call of a store fails as it does while Redis is away. */
class Away {
  away = false;
  protected answer<T>(value: () => T): Promise<T> {
    return this.away ? Promise.reject(new StoreUnavailable("away")) : Promise.resolve(value());
  }
}

const page = <T>(all: readonly T[], idOf: (one: T) => string, cursor: string | undefined, limit: number): Page<T> => {
  const rest = all.filter((one) => cursor === undefined || idOf(one) > cursor);
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return rest.length > limit && last !== undefined ? { items, next: idOf(last) } : { items };
}; // prettier-ignore

export class MemoryKeys extends Away implements ApiKeys {
  readonly records = new Map<string, ApiKey>();
  readonly #name = ({ orgId }: DirectoryTenant, id: string) => `${orgId} ${id}`;

  create(principal: Principal, wanted: Parameters<ApiKeys["create"]>[1]) {
    return this.answer(() => {
      const id = `key_${random(16)}`;
      const record = { id, ...wanted, createdBy: principal.user, createdAt: new Date().toISOString() };
      this.records.set(this.#name(principal.tenant, id), record);
      return { key: `atl_${principal.tenant.id}_${random(36)}`, record };
    });
  }

  list(of: DirectoryTenant, { cursor, limit }: Parameters<ApiKeys["list"]>[1]) {
    const mine = [...this.records].filter(([name]) => name.startsWith(`${of.orgId} `)).map(([, key]) => key);
    return this.answer(() =>
      page(mine.sort((a, b) => (a.id < b.id ? -1 : 1)), ({ id }) => id, cursor, limit),
    ); // prettier-ignore
  }

  get(of: DirectoryTenant, id: string) {
    return this.answer(() => this.records.get(this.#name(of, id)));
  }

  revoke(of: DirectoryTenant, id: string) {
    return this.answer(() => this.records.delete(this.#name(of, id)));
  }

  async rotate(principal: Principal, id: string, graceSeconds: number) {
    const old = await this.get(principal.tenant, id);
    if (old === undefined) return undefined;
    const made = await this.create(principal, { label: old.label, rights: old.rights });
    const worksUntil = new Date(Date.now() + graceSeconds * 1_000).toISOString();
    this.records.set(this.#name(principal.tenant, id), { ...old, replacedBy: made.record.id, worksUntil });
    return made;
  }
}

export class MemoryData extends Away implements DataStore {
  readonly entries = new Map<string, DataEntry>();
  full = false;
  #versions = 0;
  readonly #name = ({ orgId }: DirectoryTenant, key: string) => `${orgId} ${key}`;

  get(of: DirectoryTenant, key: string) {
    return this.answer(() => this.entries.get(this.#name(of, key)));
  }

  put({ tenant: of, user }: Principal, key: string, value: unknown, condition: Condition): Promise<Written> {
    return this.answer(() => {
      const before = this.entries.get(this.#name(of, key));
      if (conflicts(before, condition)) return { kind: "conflict" };
      if (this.full) return { kind: "full" };
      const etag = createHash("sha256").update(`${this.#versions++}`).digest("base64url");
      const entry = { key, value, etag, updatedAt: new Date().toISOString(), updatedBy: user };
      this.entries.set(this.#name(of, key), entry);
      return { kind: "written", entry, created: before === undefined };
    });
  }

  remove({ tenant: of }: Principal, key: string, condition: Condition) {
    return this.answer(() => {
      const before = this.entries.get(this.#name(of, key));
      if (before === undefined) return condition.ifMatch === undefined ? "absent" : "conflict";
      if (conflicts(before, condition)) return "conflict";
      this.entries.delete(this.#name(of, key));
      return "removed";
    });
  }

  list(of: DirectoryTenant, { cursor, limit, prefix = "" }: Parameters<DataStore["list"]>[1]) {
    return this.answer(() => {
      const mine = [...this.entries]
        .filter(([name]) => name.startsWith(`${of.orgId} ${prefix}`))
        .map(([, { key, etag, updatedAt, updatedBy }]) => ({ key, etag, updatedAt, updatedBy }))
        .sort((a, b) => (a.key < b.key ? -1 : 1));
      return page(mine, ({ key }) => key, cursor, limit);
    });
  }
}

/** As many records as it is given, the newest first, and what it was asked. */
export class MemoryTrail extends Away implements AuditReader {
  readonly records: AuditRecord[] = [];
  readonly asked: AuditQuery[] = [];
  problem: Error | undefined;

  read({ orgId }: DirectoryTenant, query: AuditQuery) {
    this.asked.push(query);
    if (this.problem !== undefined) return Promise.reject(this.problem);
    const all = this.records.filter(({ tenant: owner, action }) => owner === orgId && (query.action ?? action) === action);
    // The cursors of `page` go up.
    return this.answer(() => page(all, ({ id }) => id, query.cursor, query.limit));
  }
} // prettier-ignore

export class MemoryRefusals extends Away implements RefusalReader {
  readonly records = new Map<string, Refusal>();
  readonly find = (id: string) => this.answer(() => this.records.get(id));
}

const conflicts = (before: DataEntry | undefined, { ifMatch, ifNoneMatch }: Condition): boolean =>
  (ifMatch !== undefined && before?.etag !== ifMatch) || (ifNoneMatch !== undefined && before !== undefined);

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Sent {
  readonly headers?: Readonly<Record<string, string>> | readonly string[];
  readonly json?: unknown;
  readonly text?: string;
}

/** The whole API behind the service's own server. */
export class ApiWorld implements AsyncDisposable {
  readonly keys = new MemoryKeys();
  readonly data = new MemoryData();
  readonly trail = new MemoryTrail();
  readonly refusals = new MemoryRefusals();
  /** What was told of refusals, and of answers. */
  readonly refused: Refused[] = [];
  readonly answers: Answered[] = [];
  readonly events: AuditEvent[] = [];
  readonly failures: unknown[] = [];
  readonly grants: Grant[] = [];
  audited: () => Promise<void> = () => Promise.resolve();
  /** Whether the store has no room for records. */
  full = false;
  /** What Keycloak says. */
  issue: () => Issued = () => ({ kind: "refused" });
  known = { ...knowledge, directory: directory as typeof directory | undefined, keys: declaredKeys };
  #server: Server | undefined;

  static async listen(
    changed: { readonly passwordGrant?: boolean; readonly trail?: false; readonly unlimited?: true } = {},
  ): Promise<ApiWorld> {
    const world = new ApiWorld();
    const api = tenantApi({
      identify: (credentials) => identify(credentials, world.known),
      keys: world.keys,
      data: world.data,
      trail: changed.trail === false ? undefined : world.trail,
      tokens: (grant) => {
        world.grants.push(grant);
        return Promise.resolve(world.issue());
      },
      passwordGrant: changed.passwordGrant ?? false,
      audit: (event) => {
        world.events.push(event);
        return world.audited();
      },
      decisions: world.refusals,
      onRefused: (refused) => world.refused.push(refused),
      onAnswered: (answer) => world.answers.push(answer),
      onFailure: (error) => world.failures.push(error),
      full: () => world.full,
      ...(changed.unlimited === true && { withinLimit: () => true }),
    });
    const server = createAuthServer({
      decide: () => Promise.resolve({ kind: "undecided", code: "internal" }),
      readiness: () => ({ ready: true }),
      metrics: () => Promise.resolve({ contentType: "text/plain", text: "" }),
      draining: () => false,
      api,
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    world.#server = server;
    return world;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server?.address() as AddressInfo).port}`;
  }

  /** As it is written: `fetch` would mend paths and headers. */
  send(method: string, path: string, { headers = {}, json, text }: Sent = {}): Promise<Answer> {
    const body = text ?? (json === undefined ? undefined : JSON.stringify(json));
    const given = Array.isArray(headers) ? (headers as string[]) : Object.entries(headers).flat();
    const names = given.filter((_, index) => index % 2 === 0);
    const all = [...(names.includes("host") ? [] : ["host", "edge"]), ...given];
    if (json !== undefined && !names.includes("content-type")) all.push("content-type", "application/json");
    if (body !== undefined) all.push("content-length", `${Buffer.byteLength(body)}`);
    const { port } = this.#server?.address() as AddressInfo;
    return new Promise((resolve, reject) => {
      const asked = httpRequest(
        { host: "127.0.0.1", port, method, path, headers: all, agent: false },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () => {
            const whole = Buffer.concat(chunks).toString("utf8");
            const type = response.headers["content-type"] ?? "";
            const parsed = /json/.test(type) && whole !== "" ? (JSON.parse(whole) as Answer["body"]) : {};
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text: whole,
              body: parsed,
            });
          });
        },
      );
      asked.on("error", reject);
      asked.end(body);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((done) => this.#server?.close(done));
  }
}

/** Headers of credentials. */
export const person = async (...groups: readonly string[]) => ({
  authorization: await bearer({ azp: "atalaya-cli", sub: PERSON, groups: groups.map((group) => `/tenants/${group}`) }),
}); // prettier-ignore
export const otherPerson = async (...groups: readonly string[]) => ({
  authorization: await bearer({ azp: "atalaya-cli", sub: OTHER_PERSON, groups: groups.map((group) => `/tenants/${group}`) }),
}); // prettier-ignore
export const operator = async (tenantName: string) => ({
  authorization: await bearer({ azp: "atalaya-cli", sub: PERSON, groups: ["/operators"] }),
  "x-atalaya-requested-tenant": `tenant-${tenantName}`,
});
export const program = async (client: string, tenantName: string, scopes: readonly string[] = []) => ({
  authorization: await bearer({ azp: client, tenant_id: `tenant-${tenantName}`, scope: scopes.join(" ") }),
});
/** With a token that says all that the list does. */
export const serviceOf = (name: string, tenantName = "mx") => {
  const clientId = `service-${tenantName}-${name}`;
  const listed = directory.get(`tenant-${tenantName}`)?.services.find((one) => one.clientId === clientId);
  return program(clientId, tenantName, listed?.scopes);
};
