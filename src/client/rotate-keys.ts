import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { REALM } from "../model/names";
import { CLOCK_SKEW, KEYS_CACHED, LONGEST_TOKEN } from "../model/tokens";
import { ClientError } from "./error";
import type { Admin } from "./keycloak-admin";
import type { KeyProbe } from "./key-probe";
import { isHalfDone, PRIORITY_STEP, ringOf, type Ring } from "./key-ring";
import { SigningKeys, type SigningKey } from "./signing-keys";

/** Milliseconds. */
export const WAITS = {
  /**
   * From publishing to signing. Every listener of every Envoy and every auth service has fetched the keys once more then, also
   * those that cannot be asked: that takes a tenth more than the minute at most, and a fetch its 5 s.
   */
  published: (KEYS_CACHED + 15) * 1_000,
  /** How much longer somebody may take who says that he does not have it yet: the auth service asks twice a minute. */
  confirmed: 60_000,
  /** From signing with a new key to removing the old one: what the old one signed is then too old for the edge. */
  retired: (LONGEST_TOKEN + CLOCK_SKEW) * 1_000,
  /** Who works on a rotation says so this often ... */
  beat: 5_000,
  /** ... and who has not said so for this long has gone. */
  gone: 12_000,
} as const;
export type Waits = { readonly [W in keyof typeof WAITS]: number };

export interface RotationOptions {
  readonly admin: Admin;
  readonly probe: Pick<KeyProbe, "check" | "missing">;
  /** One line for every step that was taken. */
  readonly say?: (line: string) => void;
  /** While it waits, about every second. */
  readonly waiting?: (what: string, seconds: number) => void;
  readonly waits?: Partial<Waits>;
}

/**
 * Exchanges the realm's signing keys without a refused request: the new key is published before anything is signed with it,
 * and the old one stays published as long as anything that it signed lives. What is done stands in Keycloak alone, so that a
 * rotation that was killed is continued by the next one. Throws ClientError.
 */
export class KeyRotation {
  readonly #keys: SigningKeys;
  readonly #waits: Waits;
  readonly #id = randomBytes(6).toString("hex");
  #beats = 0;
  #lastBeat = -Infinity;

  constructor(private readonly options: RotationOptions) {
    this.#keys = new SigningKeys(options.admin);
    this.#waits = { ...WAITS, ...options.waits };
  }

  /** All signing keys, the newest first. */
  list(): Promise<readonly SigningKey[]> {
    return this.#keys.list();
  }

  /** A new key signs, the old ones do not and are still published. Returns at once where only that was left to do. */
  async rotate(): Promise<void> {
    const ring = await this.#ring();
    if (isHalfDone(ring)) {
      this.#say(`${ring.signing.kid} signs already, by a rotation that did not end; ending that one`);
      return this.#demote();
    }
    await this.options.probe.check();
    const kid = ring.next === undefined ? await this.#publish() : await this.#takeOver(ring.next);
    await this.#waitUntilPublished(kid);
    await this.#confirm(kid);
    await this.#activate(kid);
    await this.#demote();
  }

  /** Removes the old keys that no living token was signed with. @param wait until that is so of all, instead of throwing */
  async retire(wait: boolean): Promise<void> {
    const { next, old } = await this.#ring();
    if (next !== undefined)
      throw new ClientError(
        `A rotation is not finished: ${next.kid} is published and signs nothing yet. Run rotate-keys first.`,
      );
    const until = Math.max(0, ...old.map((key) => (key.note?.oldSince ?? 0) + this.#waits.retired));
    if (this.#now() < until && !wait)
      throw new ClientError(
        `Tokens of the old key may live until ${new Date(until).toISOString()}, for ${Math.ceil((until - this.#now()) / 1_000)} s. Run this again then, or let it wait with --wait-all.`,
      );
    while (this.#now() < until) {
      await this.#wait("until no token of the old key lives", until);
      // Asks Keycloak what time it is, should this machine's clock have been set meanwhile.
      await this.#ring();
    }
    for (const { kid, note } of old) {
      // Looked at anew: somebody may have turned back to it meanwhile, or made it old once more.
      const key = (await this.#ring()).old.find((one) => one.kid === kid);
      if (key === undefined || key.note?.oldSince !== note?.oldSince) {
        this.#say(`left ${kid} as it is: somebody changed it meanwhile`);
        continue;
      }
      await this.#keys.retire(key);
      this.#say(`${key.generated ? "removed" : "disabled"} ${kid}`);
    }
  }

  async #ring(): Promise<Ring> {
    return ringOf(await this.#keys.list());
  }

  async #publish(): Promise<string> {
    const priority = Math.max(...(await this.#keys.list()).map((key) => key.priority)) + PRIORITY_STEP;
    await this.#keys.publish(priority, { by: this.#by(), published: this.#now() });
    const { next, surplus } = await this.#ring();
    if (next !== undefined && this.#isMine(next)) {
      this.#say(`published ${next.kid}; nothing is signed with it yet`);
      return next.kid;
    }
    // Somebody else published one in the same moment, and his came first.
    for (const key of surplus.filter((one) => this.#isMine(one))) await this.#keys.retire(key);
    throw underWay(next);
  }

  /** Goes on with a rotation that somebody left. Nobody's clock counts: whoever works on it changes its note meanwhile. */
  async #takeOver(found: SigningKey): Promise<string> {
    this.#say(
      `${found.kid} was published by a rotation that did not end; looking whether somebody works on it`,
    );
    await this.#wait("for a sign of whoever began it", this.#now() + this.#waits.gone);
    const { next } = await this.#ring();
    if (next?.kid !== found.kid || next.note?.by !== found.note?.by) throw underWay(found);
    await this.#note(next);
    this.#say(`continuing with ${next.kid}`);
    return next.kid;
  }

  async #waitUntilPublished(kid: string): Promise<void> {
    const key = await this.#mine(kid);
    const most = this.#now() + this.#waits.published;
    const until = Math.min(most, (key.note?.published ?? this.#now()) + this.#waits.published);
    await this.#wait("until every Envoy has fetched the new key", until, kid);
  }

  async #confirm(kid: string): Promise<void> {
    const until = this.#now() + this.#waits.confirmed;
    for (;;) {
      const missing = await this.options.probe.missing(kid);
      if (missing.length === 0) break;
      if (this.#now() >= until)
        throw new ClientError(
          `${missing.join(" and ")}: does not have the new key ${kid} yet, ${this.#waits.confirmed / 1_000} s after it was due. Nothing is signed with it and every token stays good. See whether Keycloak is reached from there, then run this again.`,
        );
      await this.#wait(
        `for ${missing.join(" and ")} to fetch the new key`,
        Math.min(until, this.#now() + 2_000),
        kid,
      );
    }
    this.#say("Envoy and the auth service have it");
  }

  async #activate(kid: string): Promise<void> {
    const key = await this.#mine(kid);
    const note = { published: this.#now(), ...key.note, by: this.#by(), signsSince: this.#now() };
    await this.#keys.activate(key, note);
    const { signing } = await this.#ring();
    if (signing.kid !== kid)
      throw new ClientError(`Keycloak signs with ${signing.kid}, not with the new key ${kid}.`);
    this.#say(`activated ${kid}: it signs`);
  }

  /** The old keys; and what other rotations that did not end have left goes. */
  async #demote(): Promise<void> {
    const { behind, surplus } = await this.#ring();
    for (const key of behind) {
      const note = { published: key.created, ...key.note, oldSince: this.#now(), by: this.#by() };
      await this.#keys.demote(key, note);
      this.#say(`made ${key.kid} passive: its tokens stay good`);
    }
    for (const key of surplus) {
      await this.#keys.retire(key);
      this.#say(`removed ${key.kid}, which never signed anything`);
    }
  }

  /** The key that this rotation is about. Throws when somebody else has taken it over, or another is before it. */
  async #mine(kid: string): Promise<SigningKey> {
    const { next } = await this.#ring();
    if (next?.kid === kid && this.#isMine(next)) return next;
    throw underWay(next);
  }

  /** @param kid of the key that is told that it is being worked on */
  async #wait(what: string, until: number, kid?: string): Promise<void> {
    for (let left = until - this.#now(); left > 0; left = until - this.#now()) {
      this.options.waiting?.(what, Math.ceil(left / 1_000));
      if (kid !== undefined && performance.now() - this.#lastBeat >= this.#waits.beat)
        await this.#note(await this.#mine(kid));
      await sleep(Math.min(left, 1_000));
    }
  }

  #note(key: SigningKey): Promise<void> {
    this.#lastBeat = performance.now();
    return this.#keys.annotate(key, { published: key.created, ...key.note, by: this.#by() });
  }

  /** Keycloak's time: a rotation may be continued, and its keys be retired, on another machine. */
  #now = (): number => this.options.admin.now();
  #by = (): string => `${this.#id}.${this.#beats++}`;
  #isMine = ({ note }: SigningKey): boolean => note?.by.startsWith(`${this.#id}.`) === true;
  #say = (line: string): void => this.options.say?.(line);
}

const underWay = (next: SigningKey | undefined): ClientError =>
  new ClientError(
    `Another rotation of the keys of realm ${REALM} is under way${next === undefined ? "" : ` (${next.kid})`}. Let it end, then look at the keys with --dry-run.`,
  );
