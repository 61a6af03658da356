/** How long something may take before it says what it does. Milliseconds. */
const PATIENCE = 2_000;

/** And how often after that it says how far it is. Milliseconds. */
const AGAIN = 10_000;

/**
 * Runs a step and, where it takes longer than two seconds, says so on standard error; then how far it is, now and then, where
 * that is known.
 */
export async function step<T>(what: string, run: () => T | Promise<T>, far?: () => string): Promise<T> {
  const say = (): void => {
    process.stderr.write(`${what}${far === undefined ? "" : `, ${far()}`} ...\n`);
  };
  const timer = setTimeout(say, PATIENCE);
  const again = far === undefined ? undefined : setInterval(say, AGAIN);
  try {
    return await run();
  } finally {
    clearTimeout(timer);
    clearInterval(again);
  }
}
