import { load } from "cheerio";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { html, visible } from "../../../src/preview/page/html";
import { formatPage } from "../../../src/preview/page/page";
import type { Plan } from "../../../src/preview/plan";
import { Chromium } from "./browser";
import { comparison, samples, type Drawn } from "./pages";

/** Ends every kind of context that a page has, and hides or turns what follows. */
const HOSTILE = `</script></style></title></textarea>--><script>alert(1)</script><img src=x onerror=alert(1)> "'\`=&amp; \${x} \\n\u202egnihton\u200b\u2066\ufeff\u0000 שלום عربي \ud800`;
const SEEN = visible(HOSTILE);

/** Every text of a plan, whatever it is for, with what nobody should write: the page must not trust that others have checked. */
function hostile({ plan, files, evidence, recording }: Drawn): Drawn {
  const [mx, ...rest] = plan.tenants;
  if (mx === undefined) throw new Error("no tenant");
  const bad = {
    ...mx,
    ...{ id: HOSTILE, orgId: HOSTILE, name: HOSTILE, plan: HOSTILE },
    agents: [{ id: HOSTILE, state: "active" as const }],
    services: [{ clientId: HOSTILE, scopes: [HOSTILE] }],
    contacts: [{ name: HOSTILE, kind: "email" as const, to: HOSTILE }],
    retention: { ...mx.retention, logs: { ...mx.retention.logs, [HOSTILE]: mx.retention.metrics } },
  };
  const [first] = plan.files;
  const own: Plan = {
    ...plan,
    tenants: [bad, ...rest],
    resources: plan.resources.map(
      (resource) =>
        JSON.parse(
          JSON.stringify(resource).replaceAll("agent-mx", JSON.stringify(HOSTILE).slice(1, -1)),
        ) as typeof resource,
    ),
    files: [
      ...(first === undefined ? [] : [{ ...first, path: `${HOSTILE}/${HOSTILE}.yaml`, process: HOSTILE }]),
      ...plan.files,
    ],
    outputs: { [HOSTILE]: HOSTILE },
    policies: {
      passed: [HOSTILE],
      violations: [{ policy: HOSTILE, tenant: HOSTILE, urn: HOSTILE, message: HOSTILE, remedy: HOSTILE }],
    },
    warnings: [HOSTILE],
    environment: { ...plan.environment, name: HOSTILE },
  };
  const listed = { id: HOSTILE, orgId: HOSTILE, state: "active" as const };
  return {
    plan: own,
    files: [
      ...files,
      {
        ...(files[0] as (typeof files)[number]),
        path: `${HOSTILE}/${HOSTILE}.yaml`,
        content: `a: ${HOSTILE}\n`,
      },
    ],
    evidence: {
      ...evidence,
      directory: [listed, ...(evidence.directory ?? [])],
      clients: [
        ...evidence.clients,
        { clientId: HOSTILE, tenant: HOSTILE, enabled: true, service: false, claims: ["tenant-mx"] },
      ],
      bindings: new Set([...(evidence.bindings ?? []), `${HOSTILE}|tenant-mx`]),
    },
    recording,
  };
}

let page: string;
let chromium: Chromium;
beforeAll(async () => {
  const { before, after } = await samples();
  const bad = hostile(after);
  const compared = comparison(before, bad);
  page = await formatPage({ ...bad, comparison: { ...compared, label: HOSTILE } });
  chromium = await Chromium.start();
}, 60_000);
afterAll(() => chromium.stop());

describe("whatever a name is", () => {
  it("nothing of it becomes markup", () => {
    const $ = load(page);
    expect($("script").length).toBe(1);
    expect($("img").length).toBe(0);
    expect(
      $("*")
        .get()
        .flatMap((one) => Object.keys($(one).attr() ?? {}).filter((name) => /^on|[^a-z0-9:-]/i.test(name))),
    ).toEqual([]);
    expect($("h1").text()).toBe(`Atalaya: ${SEEN} compared with ${SEEN}`);
    expect($("#tenants b").first().text()).toBe(SEEN);
    expect($("#tenants > li").first().attr("data-id")).toBe(SEEN);
    expect($("#environment svg text").text()).toContain("alert(1)");
    expect($("#files summary b").text()).toContain(SEEN);
  });

  it("nothing of it is unseen or turned around", () => {
    expect(page).not.toMatch(/[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\u0000]|[\ud800-\udfff]/u);
    expect(SEEN).toContain("⟨U+202E⟩gnihton⟨U+200B⟩⟨U+2066⟩⟨U+FEFF⟩⟨U+0000⟩ שלום عربي ⟨U+D800⟩");
    expect(load(page)("#tenants b bdi").first().text()).toBe(SEEN);
  });

  it("a leak of it is named", () => {
    const $ = load(page);
    expect($("#isolation .tone.danger").text()).toContain("Tenants are not apart: 1 of 5");
    expect($("#isolation td.leak").length).toBe(1);
  });

  it("nothing of it runs in a real browser", async () => {
    const opened = await chromium.open(page);
    let asked = false;
    opened.page.on("dialog", (dialog) => {
      asked = true;
      void dialog.dismiss();
    });
    await opened.page.$$eval("details", (all) => {
      for (const one of all) one.open = true;
    });
    await opened.page.type("#search", "alert");
    expect(await opened.page.$$eval("#tenants > li:not([hidden])", (rows) => rows.length)).toBe(1);
    expect(asked).toBe(false);
    expect(opened.complaints).toEqual([]);
    expect(opened.requests).toEqual([]);
    await opened.page.close();
  });
});

it("a template escapes all but what is markup already", () => {
  expect(html`<a title="${'"<'}">${["&", html`<b>${"'"}</b>`, undefined, false, 1]}</a>`.text).toBe(
    '<a title="&quot;&lt;">&amp;<b>&#39;</b>1</a>',
  );
});
