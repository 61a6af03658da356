import { X509Certificate } from "node:crypto";
import { REALM } from "../model/names";
import { ClientError } from "./error";
import type { Admin, Representation } from "./keycloak-admin";

/** What tokens are signed with here. Keycloak's keys for encryption, cookies and refresh tokens are others, and left alone. */
const ALGORITHM = "RS256";
const PROVIDER_TYPE = "org.keycloak.keys.KeyProvider";
const GENERATED = "rsa-generated";
const SIZE = 2048;
/** Keycloak dates a key's certificate this much back. */
const CERTIFICATE_EARLY_MS = 100_000;

/** A key that tokens are, were or will be signed with. */
export interface SigningKey {
  readonly kid: string;
  /** Of its component in Keycloak. */
  readonly id: string;
  readonly priority: number;
  readonly status: "active" | "passive" | "disabled";
  /** Active, and of the highest priority: what is issued now is signed with it. */
  readonly signs: boolean;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** Made by Keycloak, which can make another; an imported one cannot be had back. */
  readonly generated: boolean;
  /** Of keys that a rotation had to do with. */
  readonly note?: Note;
  readonly component: Representation;
}

/** What a rotation writes into a key's name, the one free text that a key has. Times are milliseconds since 1970. */
export interface Note {
  /** Who works on it, and a number that changes while he does. */
  readonly by: string;
  readonly published: number;
  /** Since when it signs; absent before. */
  readonly signsSince?: number;
  /** Since when it does not sign any more. */
  readonly oldSince?: number;
}

const time = (milliseconds: number): string => new Date(milliseconds).toISOString();

const written = ({ published, signsSince, oldSince, by }: Note): string =>
  [
    `atalaya published=${time(published)}`,
    ...(signsSince === undefined ? [] : [`signs=${time(signsSince)}`]),
    ...(oldSince === undefined ? [] : [`old=${time(oldSince)}`]),
    `by=${by}`,
  ].join(" ");

const NOTE = /^atalaya published=(\S+)(?: signs=(\S+))?(?: old=(\S+))? by=(\S+)$/;

/** Undefined for names that no rotation wrote, and for times that are none: nobody may count on those. */
export function readNote(name: unknown): Note | undefined {
  const [, published, signs, old, by] = NOTE.exec(String(name)) ?? [];
  if (published === undefined || by === undefined) return undefined;
  if ([published, signs, old].some((when) => when !== undefined && Number.isNaN(Date.parse(when))))
    return undefined;
  return {
    by,
    published: Date.parse(published),
    ...(signs !== undefined && { signsSince: Date.parse(signs) }),
    ...(old !== undefined && { oldSince: Date.parse(old) }),
  };
}

interface KeysAnswer {
  readonly active: Readonly<Record<string, string>>;
  readonly keys: readonly {
    readonly kid: string;
    readonly providerId: string;
    readonly providerPriority: number;
    readonly status: string;
    readonly algorithm?: string;
    readonly use?: string;
    readonly certificate?: string;
  }[];
}

/** The realm's signing keys, through Keycloak's admin API. */
export class SigningKeys {
  readonly #realm = `/realms/${REALM}`;

  constructor(private readonly admin: Admin) {}

  /** The newest first. Throws ClientError when there is no such realm. */
  async list(): Promise<readonly SigningKey[]> {
    const answer = (await this.admin.get(`${this.#realm}/keys`)) as KeysAnswer | undefined;
    if (answer === undefined) throw new ClientError(`Keycloak has no realm ${REALM}.`);
    const components = await this.admin.list(`${this.#realm}/components?type=${PROVIDER_TYPE}`);
    const byId = new Map(components.map((component) => [String(component["id"]), component]));
    return answer.keys
      .filter(({ algorithm, use }) => algorithm === ALGORITHM && use === "SIG")
      .flatMap((key) => {
        const component = byId.get(key.providerId);
        return component === undefined ? [] : [keyOf(key, component, answer.active[ALGORITHM])];
      })
      .sort((a, b) => b.priority - a.priority || b.created - a.created);
  }

  /** A new key that everybody may see and nothing is signed with yet. */
  async publish(priority: number, note: Note): Promise<void> {
    const config = {
      priority: [`${priority}`],
      enabled: ["true"],
      active: ["false"],
      algorithm: [ALGORITHM],
      keySize: [`${SIZE}`],
    };
    await this.admin.create(`${this.#realm}/components`, {
      name: written(note),
      providerId: GENERATED,
      providerType: PROVIDER_TYPE,
      config,
    });
  }

  annotate(key: SigningKey, note: Note): Promise<void> {
    return this.#change(key, { name: written(note) });
  }

  /** In one write: that it signs, and since when. */
  activate(key: SigningKey, note: Note): Promise<void> {
    return this.#change(key, { name: written(note) }, { active: "true" });
  }

  /** Nothing is signed with it any more, and what was is still good. */
  demote(key: SigningKey, note: Note): Promise<void> {
    return this.#change(key, { name: written(note) }, { active: "false" });
  }

  /** What was signed with it is not good any more. Gone, where Keycloak made it; else disabled. */
  retire(key: SigningKey): Promise<void> {
    if (key.generated) return this.admin.remove(`${this.#realm}/components/${key.id}`);
    return this.#change(key, {}, { active: "false", enabled: "false" });
  }

  #change(
    { id, component }: SigningKey,
    fields: Representation,
    config: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    // Without the key itself, which Keycloak does not tell and keeps.
    const before = component["config"] as Readonly<Record<string, readonly string[]>>;
    const after = Object.entries(config).map(([name, value]) => [name, [value]] as const);
    return this.admin.update(`${this.#realm}/components/${id}`, {
      ...component,
      ...fields,
      config: { ...before, ...Object.fromEntries(after) },
    });
  }
}

function keyOf(
  { kid, providerId, providerPriority, status, certificate }: KeysAnswer["keys"][number],
  component: Representation,
  signing: string | undefined,
): SigningKey {
  const note = readNote(component["name"]);
  return {
    ...{ kid, id: providerId, priority: providerPriority, component },
    status: status.toLowerCase() as SigningKey["status"],
    signs: kid === signing,
    created: createdAt(certificate) ?? note?.published ?? 0,
    generated: component["providerId"] === GENERATED,
    ...(note !== undefined && { note }),
  };
}

const createdAt = (certificate: string | undefined): number | undefined =>
  certificate === undefined
    ? undefined
    : Date.parse(new X509Certificate(Buffer.from(certificate, "base64")).validFrom) + CERTIFICATE_EARLY_MS;
