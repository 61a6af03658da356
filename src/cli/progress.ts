/** How long something may take before it says what it does. Milliseconds. */
const PATIENCE = 2_000;

/** Runs a step and, where it takes longer than two seconds, says so on standard error. */
export async function step<T>(what: string, run: () => T | Promise<T>): Promise<T> {
  const timer = setTimeout(() => process.stderr.write(`${what} ...\n`), PATIENCE);
  try {
    return await run();
  } finally {
    clearTimeout(timer);
  }
}
