import { ConfigError, type Problem } from "./problems";

export type Path = readonly (string | number)[];

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where the value (or the key) of a path stands; of the nearest thing around it, when the path is not in the file. */
export type Locate = (path: Path, at?: "value" | "key") => Position | undefined;

/** What was read, as plain values, and where each of them stands. */
export interface Source {
  readonly file: string;
  readonly value: unknown;
  readonly locate: Locate;
}

/** Fields whose content may be a secret somebody put in the wrong place: never repeated in a message. */
const SENSITIVE: ReadonlySet<unknown> = new Set(["slack", "webhook", "clientSecretKey"]);

const isScalar = (value: unknown): boolean =>
  value === null || ["string", "number", "boolean"].includes(typeof value);

/** The plain value at a path, own properties only. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((node, key) => {
    if (node === null || typeof node !== "object" || !Object.hasOwn(node, key)) return undefined;
    return (node as Readonly<Record<string | number, unknown>>)[key];
  }, value);
}

/** The elements of a list at a path; none where there is something else. */
export function listAt(value: unknown, path: Path): readonly unknown[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? found : [];
}

/** The map at a path; an empty one where there is something else. */
export function mapAt(value: unknown, path: Path): Readonly<Record<string, unknown>> {
  const found = valueAt(value, path);
  return found !== null && typeof found === "object" && !Array.isArray(found)
    ? (found as Record<string, unknown>)
    : {};
}

/** `["tenants", 2, "limits"]` to `tenants[2].limits`. */
export const pathText = (path: Path): string =>
  path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? key : `${text}.${key}`),
    "",
  );

export interface ReportOptions {
  /** Point at the key instead of the value, and leave the value out. */
  readonly at?: "key";
  /** Shown instead of what the file says. */
  readonly value?: unknown;
  readonly hideValue?: true;
}

/** Collects the problems of one source. */
export class Report {
  readonly problems: Problem[] = [];

  constructor(readonly source: Source) {}

  /** `message` is a predicate ("is not a duration"), `remedy` whole sentences. */
  add(path: Path, message: string, remedy: string, options: ReportOptions = {}): void {
    this.problems.push(makeProblem(this.source, path, message, remedy, options));
  }

  /** Throws a {@link ConfigError} when there are any. */
  throwIfAny(): void {
    if (this.problems.length > 0) throw new ConfigError(this.problems);
  }
}

export function makeProblem(
  source: Source,
  path: Path,
  message: string,
  remedy: string,
  options: ReportOptions = {},
): Problem {
  const id = path[0] === "tenants" ? valueAt(source.value, [...path.slice(0, 2), "id"]) : undefined;
  const found = options.at === "key" ? undefined : (options.value ?? valueAt(source.value, path));
  const hidden = options.hideValue === true || path.some((key) => SENSITIVE.has(key)) || !isScalar(found);
  return {
    file: source.file,
    ...source.locate(path, options.at),
    path: pathText(path),
    ...(typeof id === "string" && { tenant: id }),
    ...(!hidden && { value: found }),
    message,
    remedy,
  };
}
