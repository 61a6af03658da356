import { listed } from "./problems";
import type { Pending, Store } from "./sdk";

/** One turn of the event loop. */
export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Looks this often in the time allowed; a program that computes without a pause counts as one look. */
const LOOKS = 5;

/**
 * Waits for `work` as long as `progress` changes. A promise that never settles keeps nothing alive and tells nobody: after `ms`
 * without progress this rejects and says what is waiting for what.
 */
export const untilStuck = (
  work: Promise<unknown>,
  { ms, progress, store }: { readonly ms: number; readonly progress: () => number; readonly store: Store },
): Promise<void> =>
  new Promise((resolve, reject) => {
    let [seen, looks] = [progress(), 0];
    const timer = setInterval(() => {
      const now = progress();
      looks = now === seen ? looks + 1 : 0;
      seen = now;
      if (looks < LOOKS) return;
      clearInterval(timer);
      reject(new Error(stuckMessage([...store.pendingResourceRegistrations.values()], ms)));
    }, ms / LOOKS);
    work
      .then(() => {
        resolve();
      }, reject)
      .finally(() => {
        clearInterval(timer);
      });
  });

const PHASES: Readonly<Record<Pending["phase"], string>> = {
  dependencies: "waits for what it depends on",
  inputs: "waits for its inputs",
  parent: "waits for its parent",
  provider: "waits for its provider",
  "dependency-urns": "waits for what it depends on",
};

function stuckMessage(pending: readonly Pending[], ms: number): string {
  const head = `the program made no progress for ${ms / 1_000} s and has not finished`;
  if (pending.length === 0) return `${head}: it awaits something that never happens`;
  // Who waits for a parent or a provider waits for another one of the list: causes first.
  const rank = ({ phase }: Pending): number => (phase === "parent" || phase === "provider" ? 1 : 0);
  const lines = [...pending]
    .sort((a, b) => rank(a) - rank(b))
    .map(({ name, type, label, phase, inputProperty }) => {
      const waits = inputProperty === undefined ? PHASES[phase] : `waits for its input "${inputProperty}"`;
      return `${name === undefined ? label : `"${name}" (${String(type)})`} ${waits}`;
    });
  return listed(`${head}; not registered yet, because an output or promise never resolves:`, lines);
}
