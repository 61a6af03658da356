import type { BackendName, Received } from "./received";

/** What the backends keep: the newest requests, up to a number of bytes. */
const MOST_BYTES = 512 * 1024 ** 2;
/** Beside its body. */
const BYTES_OF_REQUEST = 1024;

const sizeOf = ({ body }: Received): number => body.length + BYTES_OF_REQUEST;

export interface StoredQuery {
  readonly tenant?: string;
  readonly backend?: BackendName;
  /** Text that is in the body, as UTF-8. */
  readonly contains?: string | Buffer;
}

/** Everything that reached a backend, and what of it was stored. */
export class Store {
  readonly #received: Received[] = [];
  #bytes = 0;
  #forgotten = 0;

  add(received: Received): void {
    this.#received.push(received);
    this.#bytes += sizeOf(received);
    // A tenth at once: one by one would move the whole array every time.
    if (this.#bytes <= MOST_BYTES) return;
    const old = this.#received.splice(0, Math.ceil(this.#received.length / 10));
    this.#forgotten += old.length;
    this.#bytes -= old.reduce((sum, one) => sum + sizeOf(one), 0);
  }

  /** Every request, refused ones and reads included, oldest first. Throws when some were forgotten: no count would be right. */
  received(): readonly Received[] {
    if (this.#forgotten > 0)
      throw new Error(`The lab's backends have forgotten ${this.#forgotten} requests: clear() in between.`);
    return this.#received;
  }

  /** What of it is still known, for whoever does not count. */
  recent(): readonly Received[] {
    return this.#received;
  }

  /** Writes that were accepted, oldest first. Throws as {@link received} does. */
  stored(query: StoredQuery = {}): readonly Received[] {
    this.received();
    return this.recentlyStored(query);
  }

  recentlyStored({ tenant, backend, contains }: StoredQuery = {}): readonly Received[] {
    return this.#received.filter(
      (one) =>
        one.kind === "write" &&
        one.status > 0 &&
        one.status < 300 &&
        (tenant === undefined || one.tenant === tenant) &&
        (backend === undefined || one.backend === backend) &&
        (contains === undefined || one.body.includes(contains)),
    );
  }

  /**
   * Which marks were stored, and how often: what a global pattern matches in the bodies. For counting many items at once.
   */
  marks(pattern: RegExp, query: StoredQuery = {}): ReadonlyMap<string, number> {
    const found = new Map<string, number>();
    for (const { body } of this.stored(query))
      for (const [mark] of body.toString("latin1").matchAll(pattern))
        found.set(mark, (found.get(mark) ?? 0) + 1);
    return found;
  }

  /** Forgets all of it. */
  clear(): void {
    this.#received.length = 0;
    this.#bytes = 0;
    this.#forgotten = 0;
  }
}
