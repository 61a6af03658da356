import pino from "pino";

export type Logger = pino.Logger;

/** Bytes of lines that wait for a reader who does not read. Above, they are dropped and counted. */
const LONGEST_QUEUE = 8 * 1024 * 1024;
/** Milliseconds: how long the end waits for the last lines to be written. */
const LAST_LINES = 1_000;

export interface Log {
  readonly logger: Logger;
  /** Lines that nobody took. */
  readonly dropped: () => number;
  /** Writes what waits, in order and within a second. Nothing is logged after it. */
  readonly close: () => Promise<void>;
}

/** One line of JSON per record, written while the next request is decided. Values are escaped: none can begin a line. */
export function openLog(descriptor = 1): Log {
  const destination = pino.destination({ dest: descriptor, sync: false, maxLength: LONGEST_QUEUE });
  let dropped = 0;
  let closed: Promise<void> | undefined;
  destination.on("drop", () => dropped++);
  let gone = false;
  // A reader who went away must not take the service with him. From then on pino takes lines, writes none and says nothing.
  destination.on("error", ({ code }: NodeJS.ErrnoException) => {
    dropped++;
    gone ||= code === "EPIPE";
  });
  const logger = pino(
    {
      base: null,
      messageKey: "message",
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
    },
    {
      // A request that was cut off at the end may still come to its record.
      write: (line: string) => {
        if (closed === undefined && !gone) destination.write(line);
        else dropped++;
      },
    },
  );
  return {
    logger,
    dropped: () => dropped,
    close: () => (closed ??= ended(destination)),
  };
}

const ended = (destination: ReturnType<typeof pino.destination>): Promise<void> =>
  new Promise((done) => {
    setTimeout(done, LAST_LINES);
    destination.once("close", done);
    destination.end();
  });

const KEY = /atl_[A-Za-z0-9_-]+/g;
/** Whatever begins as one: to look for its parts anew at each beginning would cost the square of a text that has none. */
const TOKEN = /eyJ[A-Za-z0-9_.-]*/g;
const UNPRINTABLE = /[^\x20-\x7e]/g;

/** What a client wrote, fit to be shown: printable, not longer than this, and without what somebody put in a wrong place. */
export const shown = (text: string, longest: number): string =>
  text
    // Before anything is cut off: half a key is a secret as well.
    .replaceAll(KEY, "atl_***")
    .replaceAll(TOKEN, "***")
    .slice(0, longest)
    .replaceAll(UNPRINTABLE, "?");

/** What kind of error, and where: without its message, which may quote what somebody sent. */
export function placesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const { name, message, stack = "" } = error;
  const places = stack.replace(message, () => "").match(/^ +at .+$/gm) ?? [];
  return [name, ...places.slice(0, 5).map((place) => place.trim())];
}
