import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, tempDir, type Finished, type TempDir } from "../servers";
import { environmentOf, ROOT, step } from "./workflows";

const COPIED = [
  "src",
  "components",
  "policies",
  "scripts",
  ".gitignore",
  "package.json",
  "package-lock.json",
];
const INPUT = ["Pulumi.yaml", "Pulumi.dev.yaml", "tenants.yaml"];

export const read = (...path: readonly string[]): string => readFileSync(join(...path), "utf8");

export function git(directory: string, ...args: readonly string[]): string {
  const who = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
  return execFileSync("git", ["-C", directory, ...who, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}

/** A repository as GitHub has it: main, and pull requests of which it keeps the head and the merge. */
export class Hosted {
  readonly #dir: TempDir = tempDir();
  readonly origin = join(this.#dir.path, "origin");

  /** `whole`: with the program, so that its steps can run; else with the input alone. */
  constructor(whole: boolean) {
    mkdirSync(this.origin);
    for (const name of [...(whole ? COPIED : []), ...INPUT])
      cpSync(join(ROOT, name), join(this.origin, name), { recursive: true });
    git(this.origin, "init", "-q", "-b", "main");
    // As GitHub does.
    git(this.origin, "config", "uploadpack.allowAnySHA1InWant", "true");
    this.commit("first");
  }

  commit(message: string): string {
    git(this.origin, "add", "-A");
    git(this.origin, "commit", "-q", "--allow-empty", "-m", message);
    return git(this.origin, "rev-parse", "HEAD");
  }

  /** Changes files on main. */
  push(files: Readonly<Record<string, string>>, message = "more"): string {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.origin, name), text);
    return this.commit(message);
  }

  /** A pull request from a branch of `from`; returns its head. main stays where it is. */
  pullRequest(number: number, files: Readonly<Record<string, string>>, from = "main"): string {
    git(this.origin, "checkout", "-q", "--detach", from);
    const head = this.push(files, `pull request ${number}`);
    git(this.origin, "update-ref", `refs/pull/${number}/head`, head);
    git(this.origin, "checkout", "-q", "--detach", "main");
    git(this.origin, "merge", "-q", "--no-ff", "--no-edit", head);
    git(this.origin, "update-ref", `refs/pull/${number}/merge`, "HEAD");
    git(this.origin, "checkout", "-q", "main");
    return head;
  }

  /** As actions/checkout does it: so many commits of a ref, detached, without a token. Dependencies are linked. */
  checkout(ref: string, depth: number): string {
    const directory = join(this.#dir.path, `checkout-${Math.random().toString(36).slice(2)}`);
    mkdirSync(directory);
    git(directory, "init", "-q");
    git(directory, "remote", "add", "origin", `file://${this.origin}`);
    git(directory, "fetch", "-q", "--no-tags", `--depth=${depth}`, "origin", ref);
    git(directory, "checkout", "-q", "--detach", "FETCH_HEAD");
    symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
    return directory;
  }

  remove(): void {
    this.#dir.remove();
  }
}

export interface Ran extends Finished {
  readonly summary: string;
}

export interface RunStep {
  readonly directory: string;
  /** What GitHub's expressions in the step's environment are. */
  readonly answers?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a step of a workflow as GitHub does: its script by bash, in the checkout, with its own environment. */
export async function runStep(
  file: string,
  name: string,
  { directory, answers = {}, env = {} }: RunStep,
): Promise<Ran> {
  const found = step(file, name);
  using temp = tempDir();
  const summary = join(temp.path, "summary");
  const script = join(temp.path, "script.sh");
  writeFileSync(summary, "");
  writeFileSync(script, found.run ?? "");
  const ended = await run("bash", ["--noprofile", "--norc", "-eo", "pipefail", script], {
    cwd: directory,
    env: {
      GITHUB_STEP_SUMMARY: summary,
      ATALAYA_ROOT: "",
      INIT_CWD: "",
      ...environmentOf(found, answers),
      ...env,
    },
    timeoutMs: 60_000,
  });
  return { ...ended, summary: read(summary) };
}
