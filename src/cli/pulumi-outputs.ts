import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { UsageError } from "./errors";

/** Milliseconds. A stack's state may be far away. */
const TIMEOUT_MS = 60_000;
const MOST_BYTES = 256 * 1024 ** 2;

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly error: (Error & { readonly code?: unknown; readonly killed?: boolean }) | null;
}

const run = (program: string, args: readonly string[]): Promise<Ran> =>
  new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      {
        cwd: process.env["ATALAYA_ROOT"] ?? dirname(dirname(__dirname)),
        env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
        timeout: TIMEOUT_MS,
        maxBuffer: MOST_BYTES,
      },
      (error, stdout, stderr) => {
        resolve({ stdout, stderr, error });
      },
    );
    // It asks nobody anything.
    child.stdin?.end();
  });

/** Whatever way a stack's outputs are missing, there are two more to find an environment. */
const OTHERWISE = "Or name a file of its outputs (--outputs FILE), or the lab on this machine (--lab).";

/** What the Pulumi CLI says when it cannot, and what to do about it. The first that matches. */
const TROUBLES: readonly (readonly [RegExp, (stack: string) => string])[] = [
  [
    /no stack named|stack .* not found|could not find stack/i,
    (stack) =>
      `There is no stack ${stack} where you are logged in to. List them: pulumi stack ls. Create it: pulumi up --stack ${stack}`,
  ],
  [
    /PULUMI_ACCESS_TOKEN|not logged in|pulumi login/i,
    () =>
      "The Pulumi CLI is not logged in. Run: pulumi login (or, for state on this machine: pulumi login --local)",
  ],
  [
    /incorrect passphrase/i,
    (stack) =>
      `The passphrase of stack ${stack} is not the right one: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE.`,
  ],
  [
    /passphrase/i,
    (stack) =>
      `The outputs of stack ${stack} are encrypted: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE.`,
  ],
];

/** The outputs of a stack, secrets included, as the Pulumi CLI prints them. Throws UsageError with a remedy. */
export async function pulumiOutputs(stack: string): Promise<string> {
  const args = ["stack", "output", "--json", "--show-secrets", "--stack", stack, "--non-interactive"];
  const { stdout, stderr, error } = await run("pulumi", args);
  if (error === null) {
    if (stdout.trim() !== "" && stdout.trim() !== "{}") return stdout;
    throw new UsageError(
      `Stack ${stack} has no outputs: it was never brought up. Run: pulumi up --stack ${stack}`,
    );
  }
  throw new UsageError(`${problem(stack, stderr, error)}\n${OTHERWISE}`);
}

function problem(stack: string, stderr: string, error: NonNullable<Ran["error"]>): string {
  if (error.code === "ENOENT")
    return `The outputs of stack ${stack} come from the Pulumi CLI, and there is no pulumi on your PATH. Install it: https://www.pulumi.com/docs/install/`;
  if (error.killed === true)
    return `The Pulumi CLI did not print the outputs of stack ${stack} within ${TIMEOUT_MS / 1_000} s. Can its state be reached? Try: pulumi stack ls`;
  const known = TROUBLES.find(([pattern]) => pattern.test(stderr));
  if (known !== undefined) return known[1](stack);
  // Its standard output may hold secrets; its errors do not.
  const said =
    stderr.split("\n").find((line) => line.startsWith("error:")) ?? stderr.trim().split("\n")[0] ?? "";
  return `The Pulumi CLI cannot print the outputs of stack ${stack}: ${said.replace(/^error:\s*/, "") || "it does not say why"}`;
}
