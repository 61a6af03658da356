import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { ConfigError, loadStackConfig } from "../config";
import type { Plan } from "../preview/plan";
import { readPlan } from "../preview/plan-file";
import { UsageError } from "./errors";
import { typedPath } from "./load";

/** What a preview is compared with. */
export interface Baseline {
  /** `new`: the ref has no such stack yet, so that everything is new. */
  readonly kind: "ref" | "file" | "new";
  /** As it was typed. */
  readonly name: string;
  readonly commit?: string;
  /** In words: `git ref origin/main (8dca796)`. */
  readonly label: string;
  /** What the reader should know of how it was found. */
  readonly note?: string;
  /** Undefined is nothing at all. */
  readonly plan?: Plan;
}

export interface BaselineOptions {
  readonly stack: string;
  /** The project's directory. */
  readonly root: string;
  /** Records the stack of another project directory with the present program. */
  readonly planOf: (root: string) => Promise<Plan>;
}

/**
 * Finds what `--against` names: a file wins over a git ref of the same name (`refs/heads/...` and `./...` are never mistaken). Of
 * a ref the input is taken, tenant list and settings, and recorded with the present program; nothing is written into the work
 * tree. Throws UsageError.
 */
export async function findBaseline(against: string, options: BaselineOptions): Promise<Baseline> {
  if (against.trim() === "")
    throw new UsageError(
      "--against names nothing. Name a git ref, such as origin/main, or the file of a saved plan.",
    );
  const path = typedPath(against);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() === true) return fileBaseline(against, path, options);
  return await refBaseline(against, options);
}

function fileBaseline(against: string, path: string, { stack, root }: BaselineOptions): Baseline {
  const fail = (problem: string, remedy: string): UsageError =>
    new UsageError(`--against ${against}: the file ${problem}. ${remedy}`);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(
      `--against ${against}: the file cannot be read: ${(error as Error).message}. Make it readable, or name another plan.`,
      { cause: error },
    );
  }
  const plan = readPlan(text);
  if ("problem" in plan) throw fail(plan.problem, plan.remedy);
  const { name } = plan.environment;
  if (name !== stack)
    throw fail(
      `is a plan of ${name}, not of ${stack}`,
      `Compare with --stack ${name}, or name another plan.`,
    );
  const isRef = commitOf(root, against) !== undefined;
  return {
    ...{ kind: "file", name: against, label: `the saved plan ${against}`, plan },
    ...(isRef && {
      note: `${against} is a file here and a git ref as well; the file was taken. For the ref write refs/heads/${against}.`,
    }),
  };
}

async function refBaseline(against: string, options: BaselineOptions): Promise<Baseline> {
  const { root, stack } = options;
  checkRepository(root, against);
  const commit = commitOf(root, against);
  if (commit === undefined) throw unknownRef(root, against);
  const label = `git ref ${against} (${commit.slice(0, 7)})`;
  const directory = mkdtempSync(join(tmpdir(), "atalaya-baseline-"));
  try {
    const missing = checkOut({ root, commit, stack, directory });
    if (missing !== undefined)
      return {
        ...{ kind: "new", name: against, commit, label },
        note: `${missing} is not there at ${against}: everything is new.`,
      };
    return { ...{ kind: "ref", name: against, commit, label }, plan: await options.planOf(directory) };
  } catch (error) {
    if (!(error instanceof ConfigError) && !(error instanceof UsageError)) throw error;
    const problems = error.message.replaceAll(/^/gm, "  ");
    throw new UsageError(
      `--against ${against}: what is committed there (${commit.slice(0, 7)}) cannot be previewed by this program. ` +
        `That is no mistake of your change. Name another ref, or a saved plan.\n${problems}`,
      { cause: error },
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface CheckOut {
  readonly root: string;
  readonly commit: string;
  readonly stack: string;
  /** Where the files go. */
  readonly directory: string;
}

/** The stacks' files and the list that this stack names. Returns the file without which there is no such stack. */
function checkOut({ root, commit, stack, directory }: CheckOut): string | undefined {
  const stacks = gitOutput(root, ["ls-tree", "--name-only", "-z", commit, "./"])
    .split("\0")
    .map((path) => basename(path))
    .filter((name) => name === "Pulumi.yaml" || /^Pulumi\.[^.]+\.yaml$/u.test(name));
  const needed = ["Pulumi.yaml", `Pulumi.${stack}.yaml`].find((name) => !stacks.includes(name));
  if (needed !== undefined) return needed;
  const copy = (path: string): boolean => {
    const { status, stdout } = git(root, ["show", `${commit}:./${path}`]);
    if (status !== 0) return false;
    const target = join(directory, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, stdout);
    return true;
  };
  for (const name of stacks) copy(name);
  const listed = loadStackConfig(directory, stack).config.get("atalaya:tenants") ?? "";
  const list = relative(root, resolve(root, listed === "" ? "tenants.yaml" : listed)).replaceAll("\\", "/");
  if (list.startsWith("..") || isAbsolute(list))
    throw new UsageError(
      `atalaya:tenants names ${listed}, which lies outside of the project and has no history there. Compare with a saved plan.`,
    );
  return copy(list) ? undefined : list;
}

function checkRepository(root: string, against: string): void {
  const { status, stderr, error } = git(root, ["rev-parse", "--show-prefix"]);
  if (status === 0) return;
  const where = `--against ${against}: there is no such file, and no git ref can be read`;
  if (error !== undefined)
    throw new UsageError(
      `${where}: git cannot be started (${error.message}). Install it, or name the file of a saved plan.`,
    );
  const why = /not a git repository/i.test(stderr)
    ? "this is not a git repository. Name the file of a saved plan."
    : `git says: ${stderr.trim()}`;
  throw new UsageError(`${where}: ${why}`);
}

/** `origin/main` has a remote in front. */
const REMOTE_REF = /^(?:refs\/remotes\/)?([^/]+)\/(.+)$/;

/** A path and no ref: fetching it would not help. */
const PATH = /^(?:\.{0,2}\/|~)|\.json$/;

/** What lies under that name, and what to name in place of it. */
function misnamed(against: string): string | undefined {
  const found = statSync(typedPath(against), { throwIfNoEntry: false });
  if (found?.isDirectory() === true) {
    const plan = join(against, "plan.json");
    return existsSync(typedPath(plan))
      ? `is a directory. Name the plan in it: --against ${plan}`
      : "is a directory, without a plan in it. Name the file of a saved plan, or a git ref.";
  }
  return PATH.test(against)
    ? "there is no such file. Save a plan with: npm run --silent preview -- --format json > plan.json, or name a git ref."
    : undefined;
}

function unknownRef(root: string, against: string): UsageError {
  const wrong = misnamed(against);
  if (wrong !== undefined) return new UsageError(`--against ${against}: ${wrong}`);
  const shallow = gitOutput(root, ["rev-parse", "--is-shallow-repository"]).trim() === "true";
  const [, remote = "", branch = ""] = REMOTE_REF.exec(against) ?? [];
  const remotes = git(root, ["remote"]).stdout.split("\n");
  const known = remote !== "" && remotes.includes(remote);
  const fetch = known
    ? `git fetch ${remote} +refs/heads/${branch}:refs/remotes/${remote}/${branch}`
    : `git fetch${shallow ? " --unshallow" : ""}`;
  const clone = shallow ? " This clone is shallow and may not have it." : "";
  return new UsageError(
    `--against ${against}: is neither a file nor a git ref here.${clone} Fetch it with "${fetch}", or name another one.`,
  );
}

/** The commit's full id, undefined where there is none. Whatever begins with a dash is no option of git's here. */
function commitOf(root: string, ref: string): string | undefined {
  const { status, stdout } = git(root, [
    "rev-parse",
    "--verify",
    "--quiet",
    "--end-of-options",
    `${ref}^{commit}`,
  ]);
  return status === 0 ? stdout.trim() : undefined;
}

function gitOutput(root: string, args: readonly string[]): string {
  const { status, stdout, stderr } = git(root, args);
  if (status !== 0) throw new UsageError(`git ${args[0] ?? ""} failed: ${stderr.trim()}`);
  return stdout;
}

/** Larger than the largest tenant list that is read. */
const LARGEST = 64 * 1024 ** 2;

const git = (root: string, args: readonly string[]) =>
  spawnSync("git", ["-C", root, ...args], {
    encoding: "utf8",
    maxBuffer: LARGEST,
    env: { ...process.env, LC_ALL: "C", GIT_OPTIONAL_LOCKS: "0" },
  });
