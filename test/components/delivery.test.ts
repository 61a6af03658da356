import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deliveryScript } from "../../components/docker/writer";

const run = promisify(execFile);

/** The script that runs in the writer's container, run by this machine's shell. */
describe("delivery of live files", () => {
  let root: string;
  let owner: string;
  const source = () => join(root, "live");
  const volume = () => join(root, "volumes", root, "live");

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "delivery-"));
    owner = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
    mkdirSync(volume(), { recursive: true });
    mkdirSync(join(root, "state"));
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  const put = (files: Readonly<Record<string, string>>) => {
    rmSync(source(), { recursive: true, force: true });
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(source(), name)), { recursive: true });
      writeFileSync(join(source(), name), text);
    }
  };
  /** The health check's answer is there already, so that nothing waits for it. */
  const deliver = async (mode = "0444") => {
    writeFileSync(join(root, "state", "seen"), "");
    const script = deliveryScript(join(root, "volumes"), join(root, "state")).replace("sleep 3", ":");
    await run("sh", ["-c", script, "deliver", owner, mode, source()]);
  };
  const found = () =>
    (readdirSync(volume(), { recursive: true }) as string[])
      .filter((name) => statSync(join(volume(), name)).isFile())
      .sort();

  it("puts every file in place, also deeper ones, with its mode", async () => {
    put({ "a.yaml": "1", "deep/b.yaml": "2" });
    await deliver("0400");
    expect(found()).toEqual(["a.yaml", "deep/b.yaml"]);
    expect(readFileSync(join(volume(), "deep/b.yaml"), "utf8")).toBe("2");
    expect(statSync(join(volume(), "a.yaml")).mode & 0o777).toBe(0o400);
    expect(readdirSync(join(root, "state")).sort()).toEqual(["done", "seen"]);
  });

  it("exchanges what changed by a rename, and leaves the others untouched", async () => {
    put({ "a.yaml": "1", "b.yaml": "2" });
    await deliver();
    const before = ["a.yaml", "b.yaml"].map((name) => statSync(join(volume(), name)).ino);
    put({ "a.yaml": "1", "b.yaml": "changed" });
    await deliver();
    const after = ["a.yaml", "b.yaml"].map((name) => statSync(join(volume(), name)).ino);
    expect([after[0] === before[0], after[1] === before[1]]).toEqual([true, false]);
    expect(readFileSync(join(volume(), "b.yaml"), "utf8")).toBe("changed");
  });

  it("removes what is not delivered any more, and what an interrupted run left", async () => {
    put({ "a.yaml": "1", "gone.yaml": "2" });
    await deliver();
    writeFileSync(join(volume(), "a.yaml.new"), "half");
    put({ "a.yaml": "3" });
    await deliver();
    expect(found()).toEqual(["a.yaml"]);
    expect(readFileSync(join(volume(), "a.yaml"), "utf8")).toBe("3");
  });

  it("fails when one file cannot be put in place, and does not say that it is done", async () => {
    put({ "a.yaml": "1" });
    mkdirSync(join(volume(), "a.yaml", "in-the-way"), { recursive: true });
    writeFileSync(join(volume(), "a.yaml", "in-the-way", "x"), "");
    mkdirSync(join(volume(), "a.yaml.new"));
    await expect(deliver()).rejects.toThrow();
    expect(readdirSync(join(root, "state"))).toEqual(["seen"]);
  });
});
