import { constants } from "node:os";

/** The kind of an error, see {@link errorType}: never its message. */
export type ErrorType = string & { readonly brand: "ErrorType" };

const system: ReadonlySet<unknown> = new Set([...Object.keys(constants.errno), "ENOTFOUND"]);
/** As the platform calls what a signal ended. */
const ENDED: ReadonlySet<string> = new Set(["AbortError", "TimeoutError"]);

/** The system's code of what caused an error or the name of the error's class, both of which no data reaches. */
export function errorType(error: unknown): ErrorType {
  if (!(error instanceof Error)) return "Error" as ErrorType;
  const code = systemCode(error) ?? systemCode(error.cause);
  if (code !== undefined) return code as ErrorType;
  if (error instanceof DOMException && ENDED.has(error.name)) return error.name as ErrorType;
  const known = error.constructor.name.replaceAll(/[^A-Za-z]/g, "").slice(0, 40);
  return (known === "" ? "Error" : known) as ErrorType;
}

function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return system.has(error.code) ? (error.code as string) : undefined;
}
