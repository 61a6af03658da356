import { createHash } from "node:crypto";
import { load, type CheerioAPI } from "cheerio";
import { beforeAll, describe, expect, it } from "vitest";
import { formatPage } from "../../../src/preview/page/page";
import { BASE, FOR_GOOD } from "../changes/plans";
import { comparison, drawn, many, samplePage, samples, type Drawn } from "./pages";

let text: string;
let $: CheerioAPI;
beforeAll(async () => {
  text = await samplePage();
  $ = load(text);
}, 60_000);

const words = (selector: string): string => $(selector).text().replaceAll(/\s+/g, " ").trim();

describe("the page of a sample pull request", () => {
  it("begins with what may be lost", () => {
    expect(words("h1")).toBe("Atalaya: dev compared with git ref main (0123456)");
    expect(
      $("main > section > h2")
        .get()
        .map((one) => $(one).text().trim().split(/\s/)[0]),
    ).toEqual(["What", "Environment", "Tenants", "Isolation", "Policies", "Files"]);
    expect($("#summary h3").first().text()).toBe("Data at risk");
    expect(words(".story.danger li:first-child")).toBe(
      "Danger: México (mx): logs of class access are kept 120d instead of 180d: this deletes data older than 120d.",
    );
    expect(words(".story.danger li:last-child")).toBe(FOR_GOOD);
    expect(words("#story-tenants ~ ul > li:last-child")).toContain("pulumi stack output tenants");
  });

  it("draws the environment, and says the same in words", () => {
    const svg = $("#environment svg");
    expect(svg.attr("role")).toBe("img");
    expect(svg.attr("aria-labelledby")).toBe("drawing-title drawing-words");
    expect(svg.find(".zone").length).toBe(5);
    const drawing = svg.find("text").text();
    for (const process of ["envoy", "mimir", "keycloak", "grafana", "127.0.0.1:3000", "agent-pe (suspended)"])
      expect(drawing).toContain(process);
    const flows = $("#environment tbody")
      .last()
      .find("tr")
      .get()
      .map((row) =>
        $(row)
          .find("bdi")
          .get()
          .map((one) => $(one).text())
          .join(" > "),
      );
    for (const flow of [
      "envoy > mimir",
      "alloy-gateway > tempo",
      "keycloak > postgres",
      "grafana > envoy",
      "agent-mx > envoy",
    ])
      expect(flows).toContain(flow);
    expect(flows).not.toContain("grafana > mimir");
  });

  it("has every tenant with all that is theirs", () => {
    expect(
      $("#tenants > li")
        .get()
        .map((one) => $(one).attr("data-id")),
    ).toEqual(["cl", "co", "mx", "pe"]);
    const mx = words("#tenant-mx");
    for (const part of [
      "México",
      "changed",
      "200/s",
      "120d",
      "agent-mx-plant",
      "orders:read, payments:*",
      "/tenants/mx/admin",
      "mesa@mx.example.com",
      "label name length",
    ])
      expect(mx).toContain(part);
    expect(words("#tenant-mx .changes")).toBe(
      "What changes retention.logs.access 180d -> 120d (-33%): data older than 120d is deleted",
    );
    expect($("#tenant-cl .changes").length).toBe(0);
    expect(words("#tenant-pe")).toContain("suspended");
    expect(words("#tenant-cl .badge")).toBe("new");
  });

  it("has a reason for every cell of the matrix", () => {
    expect($("#isolation .matrix tbody tr").length).toBe(5);
    expect($("#isolation .matrix td").length).toBe(20);
    expect(words("#isolation .matrix tbody tr:last-child th")).toBe(
      "operators no tenant: who runs the environment",
    );
    expect($("#isolation .matrix td.all").length).toBe(3);
    for (const cell of $("#isolation .matrix td").get()) expect($(cell).find("dd").text()).not.toBe("");
    expect($("#isolation .leak").length).toBe(0);
  });

  it("shows what becomes of files", () => {
    const file = $("#file-auth_2flive_2ftenants_2ejson");
    expect(file.find("del").text()).toContain("- " + '      "state": "active"');
    expect(file.find("ins").text()).toContain('"state": "suspended"');
    expect(file.find(".h-attr").length).toBeGreaterThan(5);
    expect($(".file").length).toBe(21);
    expect($(".file[data-changed]").length).toBe(8);
  });

  it("says that the contents of a saved plan's files are not known", async () => {
    const saved = load(await samplePage(false));
    expect(saved("#files").text()).toContain("a saved plan holds digests of files, not their contents");
    expect(saved(".diff").length).toBe(0);
    expect($("#files").text()).not.toContain("a saved plan");
  });

  it("holds no secret", async () => {
    const { after } = await samples();
    expect(text).not.toContain("preview:secret:");
    const hashes = JSON.stringify(after.recording).match(/\b[0-9a-f]{64}\b/g) ?? [];
    const shown = new Set(after.plan.files.map(({ sha256 }) => sha256));
    const keys = after.recording.resources.flatMap(
      ({ inputs }) => JSON.stringify(inputs).match(/\\"hash\\":\\"([0-9a-f]{64})/g) ?? [],
    );
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) expect(text).not.toContain(key.slice(-64));
    expect(hashes.some((hash) => shown.has(hash))).toBe(false);
  });
});

describe("any page", () => {
  it("is valid: no double id, no label without its control, no broken link inside", () => {
    const ids = $("[id]")
      .get()
      .map((one) => $(one).attr("id") ?? "");
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    for (const link of $("a").get()) expect(ids).toContain($(link).attr("href")?.slice(1));
    for (const label of $("label").get()) expect($(label).find("input, select").length).toBe(1);
    for (const one of $("[aria-labelledby]").get())
      for (const id of ($(one).attr("aria-labelledby") ?? "").split(" ")) expect(ids).toContain(id);
    for (const details of $("details").get()) expect($(details).children().first().is("summary")).toBe(true);
    expect($("html").attr("lang")).toBe("en");
    expect($("main, h1").length).toBe(2);
  });

  it("needs nothing from elsewhere, and runs nothing but its own script", () => {
    expect($("script[src], link[rel=stylesheet], img, iframe, object, form[action]").length).toBe(0);
    expect($("[style]").length).toBe(0);
    expect(
      $("*")
        .get()
        .flatMap((one) => Object.keys($(one).attr() ?? {}).filter((name) => name.startsWith("on"))),
    ).toEqual([]);
    const policy = $("meta[http-equiv=Content-Security-Policy]").attr("content") ?? "";
    const digest = (content: string | null) =>
      createHash("sha256")
        .update(content ?? "")
        .digest("base64");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`script-src 'sha256-${digest($("script").html())}'`);
    expect(policy).toContain(`style-src 'sha256-${digest($("style").html())}'`);
    expect(policy).not.toContain("unsafe");
  });

  it("without a baseline says what there is", async () => {
    const page = load(await formatPage((await samples()).after));
    expect(page("h1").text()).toBe("Atalaya: dev");
    expect(page("#summary li").first().text()).toBe(
      "4 tenants (1 suspended) on docker, 314 resources.".replace(
        "314",
        String((await samples()).after.plan.resources.length),
      ),
    );
    expect(page(".badge.info, .diff").length).toBe(0);
  });

  it("is the same for the same input", async () => {
    expect(await samplePage()).toBe(text);
  });

  it("of nothing at all is a page as well", async () => {
    const page = load(await formatPage(await drawn([])));
    expect(page("#tenant-list").text()).toContain("The list has no tenant");
    expect(page("#isolation").text()).toContain("nobody reaches anything");
  });

  it("says what is violated and how to mend it", async () => {
    const { after } = await samples();
    const violation = {
      policy: "one-rule",
      tenant: "mx",
      urn: "urn:resource",
      message: "It is wrong.",
      remedy: "Mend it.",
    };
    const plan = { ...after.plan, policies: { passed: ["other-rule"], violations: [violation] } };
    const page = load(await formatPage({ ...after, plan }));
    expect(page(".violations li").text().replaceAll(/\s+/g, " ")).toContain(
      "one-rule, tenant mx: It is wrong. Remedy: Mend it. Resource urn:resource",
    );
    expect(page("#policies code").text()).toContain("other-rule");
  });
});

describe("of many tenants", () => {
  it("the matrix is own against all others, and everybody is there", async () => {
    const found = await drawn(many(60));
    const page = load(await formatPage({ ...found, comparison: comparison(await drawn(BASE), found) }));
    expect(page("#tenants > li").length).toBe(60);
    expect(page("#pairs > tr").length).toBe(60);
    expect(page("#pairs > tr").first().text().replaceAll(/\s+/g, " ")).toContain(
      "writes metrics, logs, traces; reads metrics, logs, traces",
    );
    expect(page("#environment svg").text()).toContain("60 agents");
  });

  it("1,000 are a page of less than 10 MB", async () => {
    const found = await drawn(many(20));
    const page = await formatPage(multiplied(found, 50));
    expect(load(page)("#tenants > li").length).toBe(1_000);
    expect(Buffer.byteLength(page)).toBeLessThan(10_000_000);
  });
});

/** As many of the same: recording 1,000 tenants takes half a minute, and is tried elsewhere. */
function multiplied({ plan, files, evidence, recording }: Drawn, times: number): Drawn {
  const copies = <T>(all: readonly T[], copy: (one: T, id: (text: string) => string) => T): readonly T[] =>
    Array.from({ length: times }, (_, index) =>
      all.map((one) => copy(one, (text) => text.replaceAll(/\bt00/g, `t${index}x`))),
    ).flat();
  const renamed = <T>(one: T, id: (text: string) => string): T => JSON.parse(id(JSON.stringify(one))) as T;
  const own = new Set(plan.tenants.flatMap(({ agents }) => agents.map(({ id }) => id)));
  const isAgents = ({ path }: { readonly path: string }): boolean => [...own].some((id) => path.includes(id));
  return {
    plan: {
      ...plan,
      tenants: copies(plan.tenants, renamed),
      files: [
        ...plan.files.filter((file) => !isAgents(file)),
        ...copies(plan.files.filter(isAgents), renamed),
      ],
    },
    files: [...files.filter((file) => !isAgents(file)), ...copies(files.filter(isAgents), renamed)],
    evidence: {
      ...evidence,
      directory: copies(evidence.directory ?? [], renamed),
      keys: copies(evidence.keys, renamed),
      clients: copies(evidence.clients, renamed),
      bindings: new Set(copies([...(evidence.bindings ?? [])], renamed)),
      groups: new Set(copies([...evidence.groups], renamed)),
    },
    recording,
  };
}
