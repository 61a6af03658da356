import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { commit, git, LIST, PROGRAM, refused, RISK, ROOT, root, run, useProject, write } from "./project";

useProject();

describe("a git ref", () => {
  it.each(["HEAD", "main", "v1", "refs/heads/main", "HEAD~0"])("%s is compared with", async (ref) => {
    const { code, out } = await run(ref);
    expect(code).toBe(0);
    expect(out).toMatch(`dev compared with git ref ${ref} (${git("rev-parse", "HEAD").slice(0, 7)})\n`);
    expect(out).toContain(RISK);
  });

  it("leaves the work tree and the temporary directory as they were", async () => {
    const temporary = mkdtempSync(join(tmpdir(), "atalaya-empty-"));
    vi.stubEnv("TMPDIR", temporary);
    const state = (): readonly unknown[] => [
      git("status", "--porcelain", "--ignored"),
      git("stash", "list"),
      readdirSync(root).sort(),
      readdirSync(temporary),
    ];
    const before = state();
    await run("HEAD");
    expect(state()).toEqual(before);
    rmSync(temporary, { recursive: true });
  });

  it("is compared with a list of another name as the stack had it, wherever it lies in the repository", async () => {
    mkdirSync(join(root, "lists"), { recursive: true });
    write("lists/dev.yaml", LIST.replace("14d", "10d"));
    write(
      "Pulumi.dev.yaml",
      `${readFileSync(join(ROOT, "Pulumi.dev.yaml"), "utf8")}  atalaya:tenants: lists/dev.yaml\n`,
    );
    git("checkout", "-q", "-b", "lists");
    commit("a list of another name");
    write("lists/dev.yaml", LIST.replace("14d", "8d"));
    expect((await run("HEAD")).out).toContain("traces are kept 8d instead of 10d");
    expect((await run("main")).out).toContain("traces are kept 8d instead of 14d");
  });

  it("without the stack makes everything new", async () => {
    git("checkout", "-q", "-b", "empty");
    git("rm", "-q", "--cached", "Pulumi.dev.yaml", "tenants.yaml");
    git("commit", "-q", "-m", "no stack");
    cpSync(join(ROOT, "Pulumi.dev.yaml"), join(root, "Pulumi.dev.yaml"));
    const { code, out } = await run("HEAD");
    expect(code).toBe(0);
    expect(out).toContain("Pulumi.dev.yaml is not there at HEAD: everything is new.");
    expect(out).toContain("2 tenants instead of 0: 2 new.");
    expect(out).not.toContain("Data at risk");
    rmSync(join(root, "Pulumi.dev.yaml"));
    rmSync(join(root, "tenants.yaml"));
  });

  it("whose list was wrong is said, with its errors, and not held against the change", async () => {
    write("tenants.yaml", "tenants:\n  - { id: mx, name: México, plan: larg }\n");
    git("checkout", "-q", "-b", "wrong");
    commit("wrong");
    write("tenants.yaml", LIST);
    expect(await refused("HEAD")).toMatch(
      /^--against HEAD: what is committed there \([0-9a-f]{7}\) cannot be previewed by this program\. That is no mistake of your change\..*\n {2}tenants\.yaml:2:.*plan "larg" is not a plan/s,
    );
  });

  it("that is not there is said, with how to fetch it", async () => {
    git("remote", "add", "origin", "https://example.com/x.git");
    expect(await refused("origin/topic")).toBe(
      '--against origin/topic: is neither a file nor a git ref here. Fetch it with "git fetch origin +refs/heads/topic:refs/remotes/origin/topic", or name another one.',
    );
    expect(await refused("nowhere")).toContain(
      'is neither a file nor a git ref here. Fetch it with "git fetch"',
    );
    expect(await refused("--help")).toContain("is neither a file nor a git ref here");
    expect(await refused("HEAD:tenants.yaml")).toContain("is neither a file nor a git ref here");
    expect(await refused(" ")).toContain("--against names nothing");
    expect(await refused("./gone")).toBe(
      "--against ./gone: there is no such file. Save a plan with: npm run --silent preview -- --format json > plan.json, or name a git ref.",
    );
    git("remote", "remove", "origin");
  });

  it("that a shallow clone does not have is said, with the remedy", async () => {
    commit("second");
    const clone = join(root, "clone");
    git("clone", "-q", "--depth=1", `file://${root}`, clone);
    for (const name of PROGRAM) symlinkSync(join(ROOT, name), join(clone, name));
    vi.stubEnv("ATALAYA_ROOT", clone);
    expect(await refused("v1")).toBe(
      '--against v1: is neither a file nor a git ref here. This clone is shallow and may not have it. Fetch it with "git fetch --unshallow", or name another one.',
    );
    rmSync(clone, { recursive: true });
  });

  it("outside of a repository, or without git, is said", async () => {
    const outside = mkdtempSync(join(tmpdir(), "atalaya-no-git-"));
    for (const name of [...PROGRAM, "Pulumi.yaml", "Pulumi.dev.yaml", "tenants.yaml"])
      symlinkSync(join(root, name), join(outside, name));
    vi.stubEnv("ATALAYA_ROOT", outside);
    expect(await refused("main")).toBe(
      "--against main: there is no such file, and no git ref can be read: this is not a git repository. Name the file of a saved plan.",
    );
    vi.stubEnv("PATH", outside);
    expect(await refused("main")).toMatch(
      /no git ref can be read: git cannot be started \(.*ENOENT\)\. Install it/,
    );
    rmSync(outside, { recursive: true });
  });
});
