import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "cheerio";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { checkTenants } from "../../../src/cli/check-tenants";
import { usualAnswer } from "../../../src/lab/backends/answers";
import type { Lab } from "../../../src/lab/lab";
import { isOurs } from "../isolation/ledger";
import { sharedLab } from "../shared";

let lab: Lab;
let directory: string;
beforeAll(async () => {
  lab = await sharedLab();
}, 180_000);
beforeEach(() => {
  lab.store.clear();
  directory = mkdtempSync(join(tmpdir(), "atalaya-page-"));
});
afterEach(() => {
  vi.restoreAllMocks();
  for (const backend of Object.values(lab.backends)) backend.answer = undefined;
  rmSync(directory, { recursive: true });
});

/** The exit code, what was printed, and the page. */
async function checked(wait = "10") {
  const html = join(directory, "isolation.html");
  let printed = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  const options = { stack: "dev", outputs: lab.outputsFile, all: true, full: false, json: true, wait, html };
  const code = await checkTenants(options);
  const page = readFileSync(html, "utf8");
  return { code, page, printed, $: load(page) };
}

it("writes what a real environment did as a page, by every way to write, and prints the same", async () => {
  const { code, page, printed, $ } = await checked();
  expect(code).toBe(0);
  expect(JSON.parse(printed)).toMatchObject({ good: true, tried: 6, findings: [] });
  expect($("#summary .good").text()).toContain("Tenants are apart.");
  expect($("td.own").length + $("td.other").length).toBe(9);
  expect($(".facts dd").text()).toContain(lab.urls.otlpHttp);
  expect(
    $(".tries tbody tr")
      .get()
      .map((row) => $(row).find("td.number").last().text()),
  ).toEqual(Array.from({ length: 21 }, () => "0"));
  // It is passed on: no credential of anybody's is in it.
  const outputs = readFileSync(lab.outputsFile, "utf8");
  const secrets = [...outputs.matchAll(/"(?:clientSecret|readKey|password)": "([^"]+)"/g)].map(
    ([, secret = ""]) => secret,
  );
  expect(secrets.length).toBeGreaterThan(10);
  expect(secrets.filter((secret) => page.includes(secret))).toEqual([]);
  expect(readdirSync(directory)).toEqual(["isolation.html"]);
}, 120_000);

it("shows a leak in its cell, and replaces the page of last time", async () => {
  writeFileSync(join(directory, "isolation.html"), "of last time");
  lab.backends.loki.answer = (asked) =>
    asked.kind === "read" && asked.tenant === "tenant-pe"
      ? usualAnswer({ ...asked, tenant: "tenant-mx" }, lab.store)
      : undefined;
  const { code, page, $ } = await checked("1");
  expect(code).toBe(1);
  expect(page).not.toContain("of last time");
  expect($("td.leak summary .sr").first().text()).toContain("with data of");
  expect($(".findings .badge.danger").length).toBeGreaterThan(0);
  expect($(".findings").text()).toContain("pe reads mx's data with its own credential");
}, 120_000);

it.each([
  ["a directory", ".", "it is a directory"],
  ["nowhere", "none/there/page.html", "no such file or directory"],
  ["no name", "", "it is a directory"],
])("says before it tries anything that it cannot write to %s", async (_what, name, why) => {
  const html = name === "" ? "" : join(directory, name);
  const options = {
    stack: "dev",
    outputs: lab.outputsFile,
    all: false,
    full: false,
    json: false,
    wait: "1",
    html,
  };
  await expect(checkTenants(options)).rejects.toThrow(`--html ${html}: cannot be written: `);
  await expect(checkTenants(options)).rejects.toThrow(why);
  expect(lab.stored().filter((one) => !isOurs(one))).toEqual([]);
});
