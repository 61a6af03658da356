import type { KeyFile } from "../model/directory";
import type { Settings } from "./config";
import { type Directory, parseDirectory, parseKeys } from "./directory";
import { parsePepper } from "./keys";
import { LiveFile } from "./live-file";
import type { Logger } from "./log";

/** All that is read from files, and again whenever they change. */
export function openFiles(settings: Settings, logger: Logger): Files {
  const live = <T>(path: string, parse: (text: string) => T): LiveFile<T> =>
    new LiveFile(path, parse, (problem) => {
      logger.error(problem);
    });
  return {
    tenants: live(settings.directoryFile, parseDirectory),
    keys: live(settings.keysFile, parseKeys),
    pepper: live(settings.pepperFile, parsePepper),
    ...(settings.stores !== undefined && { redis: live(settings.stores.redis.passwordFile, parsePassword) }),
  };
}

/** By the names that readiness and metrics call them. */
export type Files = Readonly<{
  tenants: LiveFile<Directory>;
  keys: LiveFile<KeyFile>;
  pepper: LiveFile<Buffer>;
  /** Its password. */
  redis?: LiveFile<string>;
}>;

function parsePassword(text: string): string {
  if (text.trim() === "") throw new Error("it is empty");
  return text.trim();
}

/** A file that is not there yet may come. One that is there and wrong is somebody's mistake, and so is a missing directory. */
export const brokenFiles = (files: readonly LiveFile<unknown>[]): readonly string[] =>
  files.flatMap((file) => {
    if (file.refused) return [file.problem ?? ""];
    try {
      file.watch();
      return [];
    } catch (error) {
      return [`cannot follow ${file.path}: its directory is not readable (${codeOf(error)})`];
    }
  });

export const codeOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code ?? (error as Error).message;
