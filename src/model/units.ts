/**
 * Units as branded numbers, so that seconds are never handed to something that wants bytes. Parsed once at the edge,
 * printed back in each target's own syntax.
 */
export type Seconds = number & { readonly brand: "Seconds" };
export type Bytes = number & { readonly brand: "Bytes" };
/** Things per second: requests, samples. */
export type PerSecond = number & { readonly brand: "PerSecond" };
export type BytesPerSecond = number & { readonly brand: "BytesPerSecond" };
/** A share between 0 and 1. */
export type Ratio = number & { readonly brand: "Ratio" };

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800, y: 31_536_000 } as const;
const BYTES = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 } as const;

const isKey = <T extends object>(table: T, key: string): key is keyof T & string => Object.hasOwn(table, key);

/** What a number with a unit in front of the reader should look like, for error messages. */
export const FORMS = {
  duration: 'a whole number and one unit of s, m, h, d, w, y, such as "30d"',
  size: 'a whole number and one unit of B, KiB, MiB, GiB, TiB, such as "5MiB"',
  rate: 'a whole number per second, such as "1000/s"',
  byteRate: 'a size per second, such as "5MiB/s"',
  ratio: 'a percentage between 0% and 100%, such as "10%"',
} as const;

function scaled(text: string, table: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d{1,15})([A-Za-z]+)$/.exec(text);
  const [, digits, unit] = match ?? [];
  if (digits === undefined || unit === undefined || !isKey(table, unit)) return undefined;
  const value = Number(digits) * (table[unit] ?? Number.NaN);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** `"30d"` to seconds; undefined when it is not {@link FORMS.duration}. */
export const parseDuration = (text: string): Seconds | undefined =>
  scaled(text, SECONDS) as Seconds | undefined;

/** `"5MiB"` to bytes; undefined when it is not {@link FORMS.size}. */
export const parseSize = (text: string): Bytes | undefined => scaled(text, BYTES) as Bytes | undefined;

/** `"1000/s"`; undefined when it is not {@link FORMS.rate}. */
export function parseRate(text: string): PerSecond | undefined {
  const match = /^(\d{1,15})\/s$/.exec(text);
  return match === null ? undefined : (Number(match[1]) as PerSecond);
}

/** `"5MiB/s"`; undefined when it is not {@link FORMS.byteRate}. */
export function parseByteRate(text: string): BytesPerSecond | undefined {
  const size = text.endsWith("/s") ? parseSize(text.slice(0, -2)) : undefined;
  return size as BytesPerSecond | undefined;
}

/** `"10%"` or `"0.5%"` to a share; undefined when it is not {@link FORMS.ratio}. */
export function parseRatio(text: string): Ratio | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,4})?)%$/.exec(text);
  const percent = match === null ? Number.NaN : Number(match[1]);
  return percent >= 0 && percent <= 100 ? ((Math.round(percent * 10_000) / 1_000_000) as Ratio) : undefined;
}

/** The largest unit that divides without a rest: 2592000 is `30d`. Prometheus' own syntax, read by Mimir, Loki and Tempo. */
export function formatDuration(seconds: Seconds): string {
  if (seconds === 0) return "0s";
  // Years and weeks are left out: people compare retention in days.
  for (const unit of ["d", "h", "m"] as const)
    if (seconds % SECONDS[unit] === 0) return `${seconds / SECONDS[unit]}${unit}`;
  return `${seconds}s`;
}

/** Go's `time.Duration` text, `720h0m0s`, for programs that parse with Go's own parser (no days) or echo it back normalised. */
export function formatGoDuration(seconds: Seconds): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = `${seconds % 60}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}

/** `5MiB`, the largest unit that divides without a rest. */
export function formatSize(bytes: Bytes | BytesPerSecond): string {
  if (bytes === 0) return "0B";
  for (const unit of ["TiB", "GiB", "MiB", "KiB"] as const)
    if (bytes % BYTES[unit] === 0) return `${bytes / BYTES[unit]}${unit}`;
  return `${bytes}B`;
}

export const formatByteRate = (rate: BytesPerSecond): string => `${formatSize(rate)}/s`;
export const formatRate = (rate: PerSecond): string => `${rate}/s`;
export const formatRatio = (ratio: Ratio): string => `${Number((ratio * 100).toFixed(4))}%`;

/** For constants in our own code, where a bad literal is a bug of ours. Throws RangeError. */
function literal<T>(parse: (text: string) => T | undefined, form: string): (text: string) => T {
  return (text) => {
    const value = parse(text);
    if (value === undefined) throw new RangeError(`"${text}" is not ${form}`);
    return value;
  };
}
export const duration = literal(parseDuration, FORMS.duration);
export const size = literal(parseSize, FORMS.size);
export const rate = literal(parseRate, FORMS.rate);
export const byteRate = literal(parseByteRate, FORMS.byteRate);
export const ratio = literal(parseRatio, FORMS.ratio);
