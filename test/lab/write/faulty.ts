import type { Chosen } from "../../../src/lab/backends/backend";
import type { Lab } from "../../../src/lab/lab";
import { waitUntil } from "../../servers";

/** What a backend does to an item before it takes it, by a name that stands in the item's mark. */
export const FAULTS = {
  none: [],
  /** Without and with a hint when to come back. */
  limited: [{ status: 429 }, { status: 429, headers: { "retry-after": "1" } }],
  away: [{ status: 503 }, { status: 503, headers: { "retry-after": "1" } }],
  failed: [{ status: 500 }, { status: 502 }],
  broken: ["reset", "reset"],
  silent: ["hang"],
  limitedonce: [{ status: 429 }],
  awayonce: [{ status: 503 }],
  brokenonce: ["reset"],
  refused: [{ status: 400 }],
  denied: [{ status: 403 }],
} as const satisfies Readonly<Record<string, readonly Chosen[]>>;
export type Fault = keyof typeof FAULTS;

/** Remote write 2.0's senders are told what of it was written; without that they say that the data may be lost. */
const WRITTEN = Object.fromEntries(
  ["samples", "histograms", "exemplars"].map((what) => [`x-prometheus-remote-write-${what}-written`, "1"]),
);
const written = (path: string): Chosen | undefined =>
  path === "/api/v1/push" ? { status: 204, headers: WRITTEN } : undefined;

const MARK = /w[0-9a-z]{4}_[a-z0-9]+_([a-z]+)_\d+_end/;

let runs = 0;

/** Backends that fail some items some times, each item by itself, and count. */
export class Faulty implements Disposable {
  readonly #run = `w${process.pid.toString(36).slice(-3).padStart(3, "0")}${(runs++).toString(36)}`;
  readonly #attempts = new Map<string, number>();
  readonly #given: string[] = [];

  constructor(private readonly lab: Lab) {
    lab.store.clear();
    for (const backend of Object.values(lab.backends))
      backend.answer = ({ body, path }) => {
        const [mark = "", fault = "none"] = MARK.exec(body.toString("latin1")) ?? [];
        if (mark === "") return undefined;
        const attempt = this.attempts(mark);
        this.#attempts.set(mark, attempt + 1);
        return FAULTS[fault as Fault][attempt] ?? written(path);
      };
  }

  /** A new item's mark. */
  mark(way: string, fault: Fault): string {
    const mark = `${this.#run}_${way}_${fault}_${this.#given.length}_end`;
    this.#given.push(mark);
    return mark;
  }

  attempts(mark: string): number {
    return this.#attempts.get(mark) ?? 0;
  }

  /** Marks by the organisation that they are stored for, and how often. */
  stored(): ReadonlyMap<string, readonly string[]> {
    const found = new Map<string, string[]>();
    for (const { tenant = "nobody", body } of this.lab.stored()) {
      const [mark] = MARK.exec(body.toString("latin1")) ?? [];
      if (mark !== undefined) found.set(mark, [...(found.get(mark) ?? []), tenant]);
    }
    return found;
  }

  /** Waits for all items, and returns what is wrong with them: lost, another's, tried less often than they were refused. */
  async settle(organisation: string, timeoutMs: number): Promise<readonly string[]> {
    const missing = (): readonly string[] => {
      const stored = this.stored();
      return this.#given.filter((mark) => !stored.has(mark));
    };
    await waitUntil("all items", () => missing().length === 0, { timeoutMs, everyMs: 200 }).catch(
      () => undefined,
    );
    const stored = this.stored();
    return this.#given.flatMap((mark) => {
      const tenants = stored.get(mark);
      if (tenants === undefined) return [`${mark} is lost after ${this.attempts(mark)} attempts`];
      return tenants.every((tenant) => tenant === organisation)
        ? []
        : [`${mark} is stored for ${tenants.join()}`];
    });
  }

  [Symbol.dispose](): void {
    for (const backend of Object.values(this.lab.backends)) backend.answer = undefined;
  }
}
