import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from "vitest";
import { UsageError } from "../../src/cli/errors";
import { preview, type PreviewOptions } from "../../src/cli/preview";

export const ROOT = join(__dirname, "..", "..");
/** What the program is built of, besides its input. */
export const PROGRAM = ["src", "components", "node_modules", "package.json", "package-lock.json"];
export const LIST =
  "tenants:\n  - { id: mx, name: México, retention: { traces: 14d } }\n  - { id: pe, name: Perú }\n";

/** Of the project under test. */
export let root: string;
export const git = (...args: readonly string[]): string =>
  execFileSync("git", ["-C", root, "-c", "user.name=a", "-c", "user.email=a@example.com", ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
export const write = (name: string, text: string): void => {
  writeFileSync(join(root, name), text);
};
export const commit = (message: string): void => {
  git("add", "-A", "--", ".", ":!src", ...PROGRAM.map((name) => `:!${name}`));
  git("commit", "-q", "-m", message);
};

/** A project of its own in a repository, whose first commit is tagged v1, and whose work tree has another list. */
function makeProject(): void {
  root = realpathSync(mkdtempSync(join(tmpdir(), "atalaya-git-")));
  for (const name of PROGRAM) symlinkSync(join(ROOT, name), join(root, name));
  for (const name of ["Pulumi.yaml", "Pulumi.dev.yaml"]) cpSync(join(ROOT, name), join(root, name));
  write("tenants.yaml", LIST);
  git("init", "-q", "-b", "main");
  commit("first");
  git("tag", "v1");
}

interface Ran {
  readonly code: number;
  readonly out: string;
}

/** The command as `main.ts` runs it, in that project. */
export const run = (against: string, more: Partial<PreviewOptions> = {}): Promise<Ran> =>
  runPreview({ stack: "dev", format: "text", whole: false, against, ...more });

export async function runPreview(options: PreviewOptions): Promise<Ran> {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((text) => written.push(String(text)) > 0);
  try {
    return { code: await preview(options), out: written.join("") };
  } finally {
    spy.mockRestore();
  }
}

export async function refused(against: string, more: Partial<PreviewOptions> = {}): Promise<string> {
  const error: unknown = await run(against, more).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).message;
}

/** Registers the project for the tests of a file: each begins with the second list in the work tree of the first commit. */
export function useProject(): void {
  beforeAll(makeProject);
  beforeEach(() => {
    vi.stubEnv("ATALAYA_ROOT", root);
    vi.stubEnv("INIT_CWD", root);
    git("checkout", "-q", "-f", "-B", "main", "v1");
    write("tenants.yaml", LIST.replace("14d", "7d"));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });
  afterAll(() => {
    rmSync(root, { recursive: true });
  });
}

export const RISK = "México (mx): traces are kept 7d instead of 14d: this deletes data older than 7d.";
