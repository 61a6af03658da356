import { createInterface } from "node:readline/promises";

/** What somebody at the terminal types; undefined when he gives up (Ctrl-C, Ctrl-D). */
export async function ask(question: string): Promise<string | undefined> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const closed = new Promise<undefined>((resolve) => {
      terminal.once("close", () => {
        resolve(undefined);
      });
    });
    return await Promise.race([terminal.question(question).then((answer) => answer.trim()), closed]);
  } catch (error) {
    if ((error as Error).name === "AbortError") return undefined;
    throw error;
  } finally {
    terminal.close();
  }
}
