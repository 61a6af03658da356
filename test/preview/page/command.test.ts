import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load, type CheerioAPI } from "cheerio";
import { expect, it } from "vitest";
import { RISK, run, runPreview, useProject, write } from "../project";

useProject();

const page = async (against: string): Promise<CheerioAPI> => {
  const { code, out } = await run(against, { format: "html" });
  expect(code).toBe(0);
  return load(out);
};

it("--format html compares with a git ref, contents of files included", async () => {
  const $ = await page("v1");
  expect($("h1").text()).toMatch(/^Atalaya: dev compared with git ref v1 \([0-9a-f]{7}\)$/);
  expect($(".story.danger").text()).toContain(RISK);
  expect($("#file-tempo_2flive_2foverrides_2eyaml del").text()).toContain("block_retention: 14d");
});

it("--format html compares with a saved plan, whose files nobody has any more", async () => {
  const { out } = await runPreview({ stack: "dev", format: "json", whole: false });
  write("plan.json", out);
  write("tenants.yaml", "tenants:\n  - { id: mx, name: México }\n");
  const $ = await page("./plan.json");
  expect($("#files").text()).toContain("a saved plan holds digests of files");
  expect($(".diff").length).toBe(0);
});

it("--out writes preview.html, the same page, whatever is printed", async () => {
  const directory = mkdtempSync(join(tmpdir(), "atalaya-out-"));
  const out = join(directory, "out");
  const { out: printed } = await run("v1", { format: "html", out });
  expect(readFileSync(join(out, "preview.html"), "utf8").trimEnd()).toBe(printed.trimEnd());
  await run("v1", { out });
  expect(readFileSync(join(out, "preview.html"), "utf8").trimEnd()).toBe(printed.trimEnd());
  rmSync(directory, { recursive: true });
});
