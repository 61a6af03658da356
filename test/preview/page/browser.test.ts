import { cpSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatPage } from "../../../src/preview/page/page";
import { Chromium, type Opened } from "./browser";
import { drawn, many, samplePage } from "./pages";

let chromium: Chromium;
let sample: string;
beforeAll(async () => {
  [chromium, sample] = await Promise.all([Chromium.start(), samplePage()]);
}, 60_000);
afterAll(async () => {
  const keep = process.env["ATALAYA_PICTURES"];
  if (keep !== undefined) cpSync(chromium.directory, keep, { recursive: true });
  await chromium.stop();
});

const visible = ({ page }: Opened): Promise<readonly (string | null)[]> =>
  page.$$eval("#tenants > li:not([hidden])", (rows) => rows.map((row) => row.getAttribute("data-id")));
const ground = ({ page }: Opened): Promise<string> =>
  page.$eval("body", (body) => getComputedStyle(body).backgroundColor);
const text = ({ page }: Opened, selector: string): Promise<string> =>
  page.$eval(selector, (one) => one.textContent);
const isSilent = ({ complaints, requests }: Opened): void => {
  expect(complaints).toEqual([]);
  expect(requests).toEqual([]);
};

describe("in a real browser", () => {
  it("searches, filters and sorts the tenants by the keyboard", async () => {
    const opened = await chromium.open(sample);
    const { page } = opened;
    await page.keyboard.press("/");
    await page.keyboard.type("mexico");
    expect(await visible(opened)).toEqual(["mx"]);
    expect(await text(opened, "#count")).toBe("1 of 4 tenants");
    await page.keyboard.press("Escape");
    expect(await visible(opened)).toEqual(["cl", "co", "mx", "pe"]);
    await page.keyboard.type("payments");
    expect(await visible(opened)).toEqual(["mx"]);
    await page.keyboard.type(" nobody");
    expect(await page.$eval("#no-tenants", (one) => (one as HTMLElement).hidden)).toBe(false);
    await page.keyboard.press("Escape");
    await page.select('#tenant-tools [name="state"]', "suspended");
    expect(await visible(opened)).toEqual(["pe"]);
    await page.select('#tenant-tools [name="state"]', "");
    await page.select('#tenant-tools [name="sort"]', "logs");
    expect((await visible(opened))[0]).toBe("mx");
    isSilent(opened);
    await page.close();
  });

  it("unfolds a tenant, all tenants, and what a link leads to", async () => {
    const opened = await chromium.open(sample);
    const { page } = opened;
    const isOpen = (id: string) => page.$eval(`#${id} details`, (one) => one.open);
    await page.focus("#tenant-mx summary");
    await page.keyboard.press("Enter");
    expect(await isOpen("tenant-mx")).toBe(true);
    await page.keyboard.press("Enter");
    expect(await isOpen("tenant-mx")).toBe(false);
    await page.click('[data-fold="tenants"]');
    expect(await isOpen("tenant-pe")).toBe(true);
    await page.evaluate(() => (location.hash = "#file-auth_2flive_2ftenants_2ejson"));
    await page.waitForSelector("#file-auth_2flive_2ftenants_2ejson[open]");
    isSilent(opened);
    await page.close();
  });

  it("says why of every cell of the matrix to the keyboard and to the ear", async () => {
    const opened = await chromium.open(sample);
    const { page } = opened;
    const cell = "#isolation .matrix tbody tr:nth-child(3) td:nth-of-type(2)";
    // By the keyboard alone: one stop a cell, row by row.
    await page.focus("#isolation .matrix tbody tr:nth-child(3) td:nth-of-type(1) summary");
    await page.keyboard.press("Tab");
    expect(await page.$eval(`${cell} summary`, (one) => one === document.activeElement)).toBe(true);
    expect(await page.$eval(`${cell} summary`, (one) => getComputedStyle(one).outlineStyle)).toBe("solid");
    expect(await page.$eval(`${cell} dd`, (one) => one.checkVisibility())).toBe(false);
    await page.keyboard.press("Enter");
    expect(await page.$eval(`${cell} dd`, (one) => one.checkVisibility())).toBe(true);
    const root = await page.$(cell);
    const heard = await page.accessibility.snapshot({
      interestingOnly: false,
      ...(root !== null && { root }),
    });
    expect(heard?.name).toMatch(
      /^mx with data of co: metrics write refused, read refused, logs write refused, .* Refused: tokens of agent-mx and agent-mx-plant carry tenant-mx alone/,
    );
    isSilent(opened);
    await page.close();
  });

  it("has a way past its head: the first stop of the keyboard", async () => {
    const opened = await chromium.open(sample);
    await opened.page.keyboard.press("Tab");
    expect(await opened.page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the content");
    await opened.page.keyboard.press("Enter");
    expect(await opened.page.evaluate(() => document.activeElement?.id)).toBe("summary");
    await opened.page.close();
  });

  it("is light or dark as the system is, and as the reader says", async () => {
    const light = await chromium.open(sample);
    const before = await ground(light);
    await light.page.click("#theme");
    const dark = await ground(light);
    expect(dark).not.toBe(before);
    expect(await text(light, "#theme")).toBe("Light");
    await light.page.evaluate(() => {
      localStorage.clear();
    });
    await light.page.close();
    const other = await chromium.open(sample, { scheme: "dark" });
    expect(await ground(other)).toBe(dark);
    await other.page.click("#theme");
    expect(await ground(other)).toBe(before);
    await other.page.evaluate(() => {
      localStorage.clear();
    });
    isSilent(light);
    await other.page.close();
  });

  it("says everything without a script", async () => {
    const opened = await chromium.open(sample, { javascript: false });
    expect(
      await opened.page.$$eval(
        ".js",
        (all) => all.filter((one) => getComputedStyle(one).display !== "none").length,
      ),
    ).toBe(0);
    await opened.page.click("#tenant-mx summary");
    expect(await opened.page.$eval("#tenant-mx details", (one) => one.open)).toBe(true);
    isSilent(opened);
    await opened.page.close();
  });

  it.each([1280, 380])("is no wider than the window of %i, and its colours can be read", async (width) => {
    for (const scheme of ["light", "dark"] as const) {
      const opened = await chromium.open(sample, { width, scheme });
      await opened.page.$$eval("details", (all) => {
        for (const one of all) one.open = true;
      });
      expect(await opened.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
        width,
      );
      expect(await opened.page.evaluate(lowContrast)).toEqual([]);
      expect(await chromium.picture(opened.page, `sample-${width}-${scheme}`)).toBeGreaterThan(100_000);
      await opened.page.close();
    }
  });

  it("goes on paper without its tools", async () => {
    const opened = await chromium.open(sample, { media: "print", scheme: "dark" });
    expect(await ground(opened)).toBe("rgb(255, 255, 255)");
    expect(await opened.page.$eval("nav", (one) => getComputedStyle(one).display)).toBe("none");
    // What changes and why, but no file that stays as it is: nobody prints 70 pages.
    const isSeen = (selector: string) =>
      opened.page.$eval(selector, (one) => one.checkVisibility({ contentVisibilityAuto: true }));
    expect(await isSeen("#isolation dd")).toBe(true);
    expect(await isSeen("#file-auth_2flive_2ftenants_2ejson .diff")).toBe(true);
    expect(await isSeen("#file-auth_2flive_2ftenants_2ejson details pre")).toBe(false);
    expect(await isSeen("#file-envoy_2fbootstrap_2eyaml pre")).toBe(false);
    expect(await chromium.picture(opened.page, "print")).toBeGreaterThan(100_000);
    await opened.page.close();
  });

  it("finds one pair among 60 tenants", async () => {
    const opened = await chromium.open(await formatPage(await drawn(many(60))));
    const { page } = opened;
    const look = async (by: string, whose: string): Promise<string> => {
      for (const [name, value] of [
        ["by", by],
        ["whose", whose],
      ] as const) {
        await page.$eval(`#lookup [name="${name}"]`, (one) => ((one as HTMLInputElement).value = ""));
        await page.type(`#lookup [name="${name}"]`, value);
      }
      return text(opened, "#lookup-answer");
    };
    expect(await look("t0003", "t0009")).toMatch(
      /Tenant número 3 \(t0003\) with the data of Tenant número 9 \(t0009\):[\s\S]*refused write metrics, logs, traces[\s\S]*agent-t0003 carry tenant-t0003 alone/,
    );
    expect(await look("t0003", "t0003")).toMatch(/with the data of its own:[\s\S]*allowed write metrics/);
    expect(await look("t0005", "t0005")).toMatch(/Suspended/);
    expect(await look("t0003", "<b>")).toBe("No tenant has the id <b>.");
    await page.keyboard.press("Escape");
    expect(await chromium.picture(page, "many-1280-light")).toBeGreaterThan(50_000);
    isSilent(opened);
    await page.close();
  });
});

/** Texts whose contrast to what they stand on is below 4.5 (WCAG 2 AA). Runs in the page. */
function lowContrast(): readonly string[] {
  const parse = (color: string): readonly number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color: readonly number[]): number => {
    const [r = 0, g = 0, b = 0] = color.map((value) =>
      value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (one: Element | null): readonly number[] => {
    for (let at = one; at !== null; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if ((color[3] ?? 1) > 0) return color;
    }
    return [255, 255, 255];
  };
  const bad = new Set<string>();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const own = node.parentElement;
    if (
      own === null ||
      own.closest("svg, script, .sr, select") !== null ||
      (node.textContent ?? "").trim() === ""
    )
      continue;
    const color = getComputedStyle(own).color;
    const [a, b] = [luminance(parse(color)), luminance(ground(own))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) bad.add(`${own.localName}.${own.className} ${color} ${contrast.toFixed(2)}`);
  }
  return [...bad];
}
