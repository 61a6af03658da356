import { z } from "zod";
import {
  FORMS,
  formatRatio,
  formatByteRate,
  formatRate,
  formatSize,
  formatDuration,
  parseByteRate,
  parseDuration,
  parseRate,
  parseRatio,
  parseSize,
  type Bytes,
  type BytesPerSecond,
  type PerSecond,
  type Ratio,
  type Seconds,
} from "../model/units";
import { say } from "./schema-problems";

/** How one kind of value is written: read by people (form), by editors (pattern, example) and by us (parse). */
interface Unit<T> {
  readonly what: string;
  readonly form: string;
  readonly pattern: string;
  readonly example: string;
  readonly parse: (text: string) => T | undefined;
  readonly print: (value: T) => string;
  /** What somebody probably meant, ready to be copied. */
  readonly guess: (text: string) => readonly string[];
  /** Whether 0 is a value like any other. */
  readonly zero?: true;
}

const digits = (text: string): string | undefined =>
  /^\d+(?:[_ ]\d{3})*$/u.exec(text)?.[0].replaceAll(/[_ ]/gu, "");
const quoted = (text: string): string => `"${text}"`;

const DURATION: Unit<Seconds> = {
  what: "a duration",
  form: FORMS.duration,
  pattern: "^0*[1-9][0-9]{0,14}(s|m|h|d|w|y)$",
  example: "30d",
  parse: parseDuration,
  print: formatDuration,
  guess: (text) => {
    const number = digits(text);
    if (number !== undefined) return ["s", "m", "h", "d"].map((unit) => number + unit);
    const match = /^(\d+)\s*(seconds?|sec|minutes?|min|hours?|days?|weeks?|years?|[smhdwy])$/iu.exec(
      text.trim(),
    );
    return match === null ? [] : [`${match[1] ?? ""}${match[2]?.charAt(0).toLowerCase() ?? ""}`];
  },
};

const SIZE: Unit<Bytes> = {
  what: "a size",
  form: FORMS.size,
  pattern: "^0*[1-9][0-9]{0,14}(B|KiB|MiB|GiB|TiB)$",
  example: "5MiB",
  parse: parseSize,
  print: formatSize,
  guess: (text) => {
    const number = digits(text);
    if (number !== undefined) return ["B", "KiB", "MiB"].map((unit) => number + unit);
    const match = /^(\d+)\s*([kmgt])(?:i?b)?$/iu.exec(text.trim());
    return match === null ? [] : [`${match[1] ?? ""}${match[2]?.toUpperCase() ?? ""}iB`];
  },
};

const RATE: Unit<PerSecond> = {
  what: "a rate",
  form: FORMS.rate,
  pattern: "^0*[1-9][0-9]{0,14}/s$",
  example: "1000/s",
  parse: parseRate,
  print: formatRate,
  guess: (text) => {
    const number = digits(text.replace(/\s*\/\s*s(?:ec)?$/iu, ""));
    return number === undefined ? [] : [`${number}/s`];
  },
};

const BYTE_RATE: Unit<BytesPerSecond> = {
  what: "a size per second",
  form: FORMS.byteRate,
  pattern: "^0*[1-9][0-9]{0,14}(B|KiB|MiB|GiB|TiB)/s$",
  example: "5MiB/s",
  parse: parseByteRate,
  print: formatByteRate,
  guess: (text) => {
    const size = text.replace(/\s*\/\s*s(?:ec)?$|ps$/iu, "");
    return (parseSize(size) === undefined ? SIZE.guess(size) : [size]).map((guess) => `${guess}/s`);
  },
};

const RATIO: Unit<Ratio> = {
  what: "a percentage",
  form: FORMS.ratio,
  pattern: "^(100(\\.0{1,4})?|[0-9]{1,2}(\\.[0-9]{1,4})?)%$",
  example: "20%",
  parse: parseRatio,
  print: formatRatio,
  guess: (text) => {
    const number = Number(text.replace("%", ""));
    if (text.trim() === "" || Number.isNaN(number) || number < 0 || number > 100) return [];
    return number < 1 && !text.includes("%") ? [`${Number((number * 100).toFixed(4))}%`] : [`${number}%`];
  },
  zero: true,
};

function wanted<T>(unit: Unit<T>, value: unknown): string {
  const write = `Write ${unit.form}.`;
  if (value === undefined) return say("is missing", `Add it: ${unit.form}.`);
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  const guesses = unit.guess(text).filter((guess) => unit.parse(guess) !== undefined);
  return say(
    `is not ${unit.what}`,
    guesses.length === 0 ? write : `Did you mean ${either(guesses.map(quoted))}? ${write}`,
  );
}

const either = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1) ?? ""}`;

/** Hover text, with what the default plan says. */
const withDefault = (description: string, normal: string | undefined): string =>
  normal === undefined ? description : `${description} Default plan: ${normal}.`;

function field<T>(unit: Unit<T>, description: string, normal: T | undefined) {
  return z
    .string({ error: ({ input }) => wanted(unit, input) })
    .meta({ pattern: unit.pattern, examples: [unit.example] })
    .transform((text, context) => {
      const value = unit.parse(text);
      if (value !== undefined && (value !== 0 || unit.zero === true)) return value;
      const message =
        value === undefined
          ? wanted(unit, text)
          : say("is zero, which a backend would read as unlimited", "Write a value above zero.");
      context.issues.push({ code: "custom", message, input: text });
      return z.NEVER;
    })
    .describe(withDefault(description, normal === undefined ? undefined : unit.print(normal)));
}

/** A duration's JSON Schema, for hover text on keys that the zod schema does not name. */
export const DURATION_JSON = {
  type: "string",
  pattern: DURATION.pattern,
  examples: [DURATION.example],
} as const;

export const duration = (description: string, normal?: Seconds) => field(DURATION, description, normal);
export const size = (description: string, normal?: Bytes) => field(SIZE, description, normal);
export const rate = (description: string, normal?: PerSecond) => field(RATE, description, normal);
export const byteRate = (description: string, normal?: BytesPerSecond) =>
  field(BYTE_RATE, description, normal);
export const ratio = (description: string, normal?: Ratio) => field(RATIO, description, normal);

/** The most that every backend's field can hold (signed 32 bit). */
const MAXIMUM_COUNT = 2_147_483_647;

/** What somebody may have meant by `"10_000"` or `10k`. */
function wholeNumber(text: string): number | undefined {
  const [, digits, thousands] = /^(\d[\d_, ]*)([kM]?)$/u.exec(text.trim()) ?? [];
  if (digits === undefined) return undefined;
  return (
    Number(digits.replaceAll(/[_, ]/gu, "")) * (thousands === "k" ? 1_000 : thousands === "M" ? 1_000_000 : 1)
  );
}

export interface Input {
  readonly input?: unknown;
}

/** A whole number above zero. */
export const count = (description: string, normal?: number) => {
  const error = ({ input }: Input): string => {
    if (input === undefined) return say("is missing", "Add it: a whole number above zero.");
    if (input === 0)
      return say("is zero, which a backend would read as unlimited", "Write a value above zero.");
    if (typeof input === "number" && input > MAXIMUM_COUNT)
      return say(`is above the limit of ${MAXIMUM_COUNT}`, "Lower it.");
    const number = typeof input === "string" ? wholeNumber(input) : undefined;
    const remedy =
      number === undefined ? "Write one." : `Write ${number}, without quotes, separators or units.`;
    return say("is not a whole number above zero", remedy);
  };
  return z
    .number({ error })
    .int({ error })
    .min(1, { error })
    .max(MAXIMUM_COUNT, { error })
    .describe(withDefault(description, normal?.toString()));
};
