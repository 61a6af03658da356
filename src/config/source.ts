import { readFileSync, statSync } from "node:fs";
import { isAbsolute, relative, sep } from "node:path";
import { ConfigError, type Problem } from "./problems";

/** A list of 10,000 tenants is about 2 MiB. */
const MAXIMUM_BYTES = 5 * 1024 ** 2;

const READ_ERRORS: Readonly<Record<string, readonly [message: string, remedy: string]>> = {
  ENOENT: ["does not exist", "Create it, or correct the path that leads here."],
  ENOTDIR: ["does not exist", "Create it, or correct the path that leads here."],
  EACCES: ["may not be read by this user", "Give read permission: chmod a+r."],
  EPERM: ["may not be read by this user", "Give read permission: chmod a+r."],
  ELOOP: ["is a symbolic link that leads back to itself", "Put a real file in its place."],
};

const whole = (file: string, message: string, remedy: string): ConfigError =>
  new ConfigError([{ file, path: "", message, remedy }]);

const below = (directory: string, path: string): string => {
  const short = relative(directory, path);
  return short === "" || short === ".." || short.startsWith(`..${sep}`) ? path : short;
};

/** The path as a reader would type it: relative to where they are, when that is shorter. */
export const shownPath = (path: string): string => (isAbsolute(path) ? below(process.cwd(), path) : path);

/** What problems call a file of the project: relative to its root, wherever the command was typed. */
export const projectPath = (root: string, path: string): string => below(root, path);

/**
 * The text of a UTF-8 file. Throws {@link ConfigError} when it is missing, a directory, unreadable, over 5 MiB or not UTF-8.
 */
export function readSource(path: string, file = shownPath(path)): string {
  const bytes = readBytes(path, file);
  try {
    // With ignoreBOM the mark stays in the text, where checkText names it.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const line = bytes.subarray(0, firstBadByte(bytes)).toString("latin1").split("\n").length;
    const remedy = `Save it as UTF-8 without a byte order mark: iconv -f <its encoding> -t utf-8.`;
    throw new ConfigError([{ file, line, column: 1, path: "", message: "the file is not UTF-8", remedy }]);
  }
}

function readBytes(path: string, file: string): Buffer {
  try {
    const status = statSync(path);
    if (status.isDirectory()) throw whole(file, "is a directory", "Name the file inside it.");
    if (!status.isFile()) throw whole(file, "is not a regular file", "Put a file in its place.");
    if (status.size > MAXIMUM_BYTES) throw tooLarge(file);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? "an unknown error";
    const [message, remedy] = READ_ERRORS[code] ?? [
      `cannot be read (${code})`,
      "Look at the file system it lies on.",
    ];
    throw whole(file, message, remedy);
  }
}

const tooLarge = (file: string): ConfigError =>
  whole(file, "the file is larger than 5 MiB", "Move what tenants have in common into plans.");

/** Index of the first byte that no longer decodes. */
function firstBadByte(bytes: Buffer): number {
  let [good, bad] = [0, bytes.length];
  while (good < bad) {
    const middle = Math.ceil((good + bad) / 2);
    // A streaming decoder does not mind a character that is cut at the end.
    const decoder = new TextDecoder("utf-8", { fatal: true });
    try {
      decoder.decode(bytes.subarray(0, middle), { stream: true });
      good = middle;
    } catch {
      bad = middle - 1;
    }
  }
  return good;
}

/** What is wrong with a text before anybody asks what it means: size, byte order mark, line ends, control characters. */
export function checkText(text: string, file: string): Problem[] {
  if (Buffer.byteLength(text) > MAXIMUM_BYTES) return [...tooLarge(file).problems];
  const problems: Problem[] = [];
  const at = (offset: number, message: string, remedy: string): void => {
    const before = text.slice(0, offset).split("\n");
    problems.push({
      file,
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + 1,
      path: "",
      message,
      remedy,
    });
  };
  if (text.startsWith("\uFEFF"))
    at(
      0,
      "the file begins with a byte order mark",
      "Save it as UTF-8 without a BOM: sed -i '1s/^\\xEF\\xBB\\xBF//'.",
    );
  const carriageReturn = text.indexOf("\r");
  if (carriageReturn >= 0)
    at(
      carriageReturn,
      "the line ends as on Windows (CR LF)",
      'Convert it with dos2unix, and keep it so with "*.yaml text eol=lf" in .gitattributes.',
    );
  const control = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/u.exec(text);
  if (control !== null) {
    const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    at(control.index, `the file holds the control character U+${code}`, "Remove it.");
  }
  return problems;
}
