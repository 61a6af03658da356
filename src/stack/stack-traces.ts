/**
 * Runs a program without stack traces. The SDK takes one for every property of every resource, to name promises that are never
 * kept (debuggablePromise in 3.270), and where source maps are applied, as tsx does, they are most of what an `up` costs its
 * program: 15 s of CPU with 20 tenants, 6 s without. What somebody looks for a bug by stays with ATALAYA_DEBUG.
 */
export async function withoutStackTraces<Result>(program: () => Promise<Result>): Promise<Result> {
  const debug = process.env["ATALAYA_DEBUG"];
  if (debug !== undefined && debug !== "") return program();
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return await program();
  } finally {
    Error.stackTraceLimit = limit;
  }
}
