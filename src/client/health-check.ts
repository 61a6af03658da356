/** How one component is found out about, and what comes of it. */

/** `absent`: this environment has none. */
export type HealthState = "good" | "bad" | "absent";

export interface Health {
  readonly component: string;
  readonly state: HealthState;
  /** Milliseconds. */
  readonly latency?: number;
  readonly seen: string;
  /** What to do when it is bad. */
  readonly remedy?: string;
}

/** Something is not as it should be, with what to do. */
export class Bad extends Error {
  constructor(
    readonly seen: string,
    readonly remedy?: string,
  ) {
    super(seen);
  }
}

export interface Check {
  readonly component: string;
  /** What to do when it does not answer at all, or otherwise than it should. */
  readonly remedy: string;
  /** Returns what was seen. Throws when that is not good. */
  readonly run: (timeoutMs: number) => Promise<string>;
}

/** Runs a check, for a limited time. */
export async function measured({ component, remedy, run }: Check, timeoutMs: number): Promise<Health> {
  const began = performance.now();
  const late = new AbortController();
  const timer = new Promise<never>((_resolve, reject) => {
    const fired = setTimeout(() => {
      reject(new Bad(`no answer within ${timeoutMs / 1_000} s`));
    }, timeoutMs);
    late.signal.addEventListener("abort", () => {
      clearTimeout(fired);
    });
  });
  try {
    const seen = await Promise.race([run(timeoutMs), timer]);
    return { component, state: "good", latency: since(began), seen };
  } catch (error) {
    const seen = error instanceof Bad ? error.seen : reasonOf(error);
    const own = error instanceof Bad ? error.remedy : undefined;
    return { component, state: "bad", latency: since(began), seen, remedy: own ?? remedy };
  } finally {
    late.abort();
  }
}

const since = (began: number): number => Math.round(performance.now() - began);

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, message } = (error.cause ?? error) as NodeJS.ErrnoException;
  const text = code === undefined || message.includes(code) ? message : `${message} (${code})`;
  return (text === "" ? (code ?? error.name) : text).trim();
}
