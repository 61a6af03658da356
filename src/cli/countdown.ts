/** In a pipe, where nothing can be overwritten. */
const EVERY_SECONDS = 15;

/** Progress of something that waits: lines that stay, and one that counts down. */
export interface Countdown {
  readonly line: (text: string) => void;
  readonly waiting: (what: string, seconds: number) => void;
  /** Leaves no half line behind. */
  readonly end: () => void;
}

/** On a terminal the countdown stays in its line; in a pipe it is a line now and then. */
export function countdown(to: NodeJS.WriteStream): Countdown {
  let counting = "";
  let nextLine: { what: string; seconds: number } | undefined;
  const end = (): void => {
    if (counting !== "" && to.isTTY) to.write(`\r${" ".repeat(counting.length)}\r`);
    counting = "";
  };
  return {
    end,
    line: (text) => {
      end();
      to.write(`${text}\n`);
    },
    waiting: (what, seconds) => {
      const text = `waiting ${what}: ${seconds} s`;
      if (to.isTTY) {
        // A line that is broken could not be overwritten.
        const fits = to.columns > 1 ? text.slice(0, to.columns - 1) : text;
        to.write(`\r${fits.padEnd(counting.length)}`);
        counting = fits;
      } else if (nextLine?.what !== what || seconds <= nextLine.seconds) {
        nextLine = { what, seconds: seconds - EVERY_SECONDS };
        to.write(`${text}\n`);
      }
    },
  };
}
