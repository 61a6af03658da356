import { cpSync } from "node:fs";
import { load } from "cheerio";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatMatrixPage } from "../../src/cli/matrix-page";
import { visible } from "../../src/preview/page/html";
import { matrixOf, type MatrixTenant } from "../../src/client/tenant-matrix";
import { Chromium, type Opened, type View } from "../preview/page/browser";
import { active, HOSTILE, hostile, ids, leak, own, pageOf, planted, silent } from "./matrix-pages";

const three = active(["co", "mx", "pe"]);
const texts = (page: string, selector: string): readonly string[] => {
  const $ = load(page);
  return $(selector).map((_, one) => $(one).text().trim().replaceAll(/\s+/g, " ")).get();
}; // prettier-ignore

describe("of three tenants", () => {
  const good = pageOf({ tenants: three });

  it("says the result, where, when and what was tried", () => {
    expect(texts(good, "h1")).toEqual(["Atalaya: are the tenants of the lab apart?"]);
    expect(texts(good, "#summary p")).toEqual([
      "Tenants are apart. The lab: 3 of 3 active tenants wrote and read what is theirs, and in 6 pairs nobody reached another's.",
    ]);
    expect(texts(good, ".facts dd")).toEqual([
      ...["the lab", "https://localhost:4318", "http://localhost:8090", "2026-11-21 20:15:03 UTC"],
      ...["3 active, 0 suspended", "6 of 6", "otlp-http-metrics, otlp-http-logs, otlp-http-traces", "126"],
    ]);
    expect(texts(good, "#findings p")).toEqual(["None: all is as it must be."]);
    expect(texts(good, "header .note")[0]).toContain("for 44 s.");
  });

  it("has a cell for each pair, by signal and verb, that unfolds to what was tried", () => {
    const own = "metrics w ✓write reached, r ✓read reached, logs w ✓write reached, r ✓read reached, traces w ✓write reached, r ✓read reached,";
    const other = own.replaceAll("✓", "✗").replaceAll("reached", "kept out");
    const cells = texts(good, ".seen td summary").map((text) => text.replace(/^.*?: ?/, ""));
    expect(cells.map((text) => text.replaceAll(/(metrics|logs|traces)(?=w)/g, "$1 "))).toEqual([
      ...[own, other, other, other, own, other, other, other, own],
    ]);
    expect(load(good)(".seen td").map((_, one) => load(good)(one).attr("class")).get()).toHaveLength(9);
    const [first] = texts(good, ".seen td.other .reasons");
    expect(first).toContain("looks for the other's data with its own credential: not there");
    expect(first).toContain("otlp-http-traces, theirs; otlp-http-traces, theirs|own (403 tenant_denied)");
  }); // prettier-ignore

  it("counts by signal and way, with the judge's own verdicts", () => {
    const rows = texts(pageOf({ tenants: three, others: [leak, silent] }), ".tries tbody tr");
    expect(rows).toHaveLength(3 * 7);
    expect(rows.filter((row) => !/ (3 3|6 6|12 12)000$/.test(row))).toEqual([
      "logs another's looks for the other's data with its own credential 6 5001",
      "traces another's asks with the other's X-Scope-OrgID, alone and with its own 12 11100",
    ]);
  });

  it("is loud about leaks, and shows which signal and verb", () => {
    const page = pageOf({ tenants: three, others: [planted, silent, leak] });
    expect(texts(page, "#summary p.danger")).toEqual([
      "Tenants are not apart. The lab: 2 pairs of 6 reached another's data.",
    ]);
    expect(texts(page, ".findings tbody tr")).toEqual([
      "leak co mx co writes with mx's X-Scope-OrgID, and mx finds it otlp-http-metrics 200",
      "leak mx pe mx reads pe's data with its own credential otlp-http-logs 200",
      "no answer co pe co got no answer about pe otlp-http-traces, theirs 503 unavailable",
    ]);
    expect(texts(page, "td.leak .reached > span[aria-hidden]")).toEqual(["w ✓", "r ✓"]);
    expect(texts(page, "td.unproven .doubt > span[aria-hidden]")).toEqual(["r ?"]);
  });

  it("shows a suspended tenant, and what was not tried", () => {
    const tenants: readonly MatrixTenant[] = [{ id: "co", state: "suspended" }, ...active(["mx"])];
    const page = pageOf({ tenants });
    expect(texts(page, ".seen .badge.warning")).toContain("suspended");
    expect(texts(page, ".seen td:nth-child(2) summary")[0]).toMatch(/metrics.*✗.*kept out/);
    const plan = { pairs: [], possible: 2, rule: "none" };
    const matrix = matrixOf(active(["a", "b"]), [...own("a", "done"), ...own("b", "done")]);
    const at = new Date(0);
    const none = formatMatrixPage({ ...{ plan, matrix, seen: [], name: "x", endpoints: {}, routes: [] }, started: at, ended: at }); // prettier-ignore
    expect(texts(none, "td.untried")).toEqual(["not tried", "not tried"]);
  });
});

describe("of three hundred", () => {
  const others = [{ ...leak, who: "t007", whose: "t008" }];
  const page = pageOf({ tenants: active(ids(300)), others });

  it("has a point for each pair that was tried, and a row for each tenant", () => {
    const $ = load(page);
    expect($(".grid").attr("viewBox")).toBe("0 0 300 300");
    expect($(".grid path.leak").attr("d")).toBe("M8 7h1v1h-1z");
    expect($("#tenants > li").length).toBe(300);
    expect(texts(page, '#tenants > li[data-state="bad"] b bdi')).toEqual(["t007", "t008"]);
    expect(texts(page, "#tries .note")[0]).toContain("each tenant by 4 others");
    expect(page.length).toBeLessThan(2_000_000);
  });

  it("stays a page when all pairs are tried", () => {
    const all = pageOf({ tenants: active(ids(120)), full: true });
    expect(load(all)(".grid path.right").attr("d")?.startsWith("M1 0h119v1h-119z")).toBe(true);
    expect(all.length).toBeLessThan(4_000_000);
  });
});

describe("whatever a name or an answer is", () => {
  it.each([3, 40])("nothing of it becomes markup, of %d tenants", (count) => {
    const page = hostile(count);
    const $ = load(page);
    expect([$("script").length, $("img").length, $("style").length]).toEqual([1, 0, 1]);
    expect(page).not.toMatch(/[\u200b-\u200f\u202a-\u202e\ufeff\u0000]|[\ud800-\udfff]/u);
    expect($("h1").text()).toBe(`Atalaya: are the tenants of ${visible(HOSTILE)} apart?`);
    expect($(".findings th[scope=row]").text()).toBe(visible(HOSTILE));
    const names = $("*").get().flatMap((one) => Object.keys($(one).attr() ?? {}));
    expect(names.filter((name) => /^on|[^a-z0-9:-]/i.test(name) && name !== "viewBox" && name !== "viewbox")).toEqual([]);
  }); // prettier-ignore
});

describe("in a real browser", () => {
  let chromium: Chromium;
  beforeAll(async () => {
    chromium = await Chromium.start();
  }, 60_000);
  afterAll(async () => {
    const keep = process.env["ATALAYA_PICTURES"];
    if (keep !== undefined) cpSync(chromium.directory, keep, { recursive: true });
    await chromium.stop();
  });

  async function opened(page: string, picture: string, view: View = {}): Promise<Opened> {
    const open = await chromium.open(page, view);
    expect(await chromium.picture(open.page, picture)).toBeGreaterThan(20_000);
    expect([open.complaints, open.requests]).toEqual([[], []]);
    return open;
  }

  it("shows few and many tenants, light, dark, narrow and without a script", async () => {
    const few = pageOf({ tenants: three, others: [leak, silent] });
    const many = pageOf({ tenants: active(ids(300)), others: [{ ...leak, who: "t007", whose: "t008" }] });
    for (const [picture, page, view] of [
      ["good", pageOf({ tenants: three }), {}],
      ["few", few, {}],
      ["few-dark", few, { scheme: "dark" }],
      ["few-narrow", few, { width: 420 }],
      ["many", many, {}],
      ["many-plain", many, { javascript: false }],
    ] as const) {
      const open = await opened(page, picture, view);
      await open.page.close();
    }
  }, 60_000);

  it("searches, filters and orders many tenants", async () => {
    const { page } = await opened(pageOf({ tenants: active(ids(300)), others: [{ ...leak, who: "t007", whose: "t008" }] }), "search"); // prettier-ignore
    const shown = (): Promise<readonly (string | null)[]> =>
      page.$$eval("#tenants > li:not([hidden])", (rows) => rows.map((row) => row.getAttribute("data-id")));
    expect(await shown()).toHaveLength(300);
    await page.type("#search", "t29");
    expect(await shown()).toHaveLength(10);
    await page.$eval("#search", (one) => {
      (one as HTMLInputElement).value = "";
    });
    await page.select('[name="state"]', "bad");
    expect(await shown()).toEqual(["t007", "t008"]);
    await page.select('[name="state"]', "");
    await page.select('[name="sort"]', "bad");
    expect((await shown()).slice(0, 3)).toEqual(["t007", "t008", "t000"]);
    await page.close();
  }, 60_000);

  it("runs nothing that a name says", async () => {
    for (const count of [3, 40]) {
      const open = await opened(hostile(count), `hostile-${count}`);
      let asked = false;
      open.page.on("dialog", (dialog) => {
        asked = true;
        void dialog.dismiss();
      });
      await open.page.$$eval("details", (all) => {
        for (const one of all) one.open = true;
      });
      expect([asked, open.complaints]).toEqual([false, []]);
      await open.page.close();
    }
  }, 60_000);
});
