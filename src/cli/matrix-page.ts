import { createHash } from "node:crypto";
import { counted } from "../preview/changes/words/story";
import { html, name, raw, type Html } from "../preview/page/html";
import { SCRIPT } from "../preview/page/script";
import { style } from "../preview/page/style";
import { MATRIX_LIMIT, type Matrix, type Observation, type Plan } from "../client/tenant-matrix";
import { findingsSection } from "./matrix-page-findings";
import { compactMatrix, wholeMatrix } from "./matrix-page-tenants";
import { triesSection } from "./matrix-page-tries";
import { asSentence } from "./terminal";

/** What was tried, where and when, and what came of it. */
export interface Checked {
  readonly matrix: Matrix;
  readonly plan: Plan;
  readonly seen: readonly Observation[];
  /** Of the environment, as in a sentence. */
  readonly name: string;
  /** Where it was reached, by what that is. */
  readonly endpoints: Readonly<Record<string, string>>;
  readonly started: Date;
  readonly ended: Date;
  /** The route table's entries by which each tenant wrote. */
  readonly routes: readonly string[];
}

/** What this page has beside the preview's: cells that stand closer, and a picture of many of them. */
const OWN_STYLE = `
.tries .number{text-align:right;font-variant-numeric:tabular-nums}
.tries .bad{font-weight:600}.tries .leak{color:var(--danger);background:var(--danger-ground)}.tries .wrong,.tries .unproven{color:var(--warning);background:var(--warning-ground)}
.seen td{min-width:10.5rem}.seen .marks{display:inline-grid}.seen .marks i{display:inline-block;min-width:4em}.by-tenant b bdi{display:inline-block;min-width:9rem}.seen .wrong,.seen .unproven{background:var(--warning-ground)}.seen .untried{color:var(--muted)}
.seen .doubt{color:var(--warning)}.seen .reached{color:var(--danger)}
.findings td{max-width:34rem;min-width:5.5rem;overflow-wrap:break-word}.findings td:nth-child(4),.tries td:nth-child(3){min-width:15rem}
.grid{max-width:44rem;width:100%;border:1px solid var(--line);background:var(--raised);display:block;shape-rendering:crispEdges}
.grid .own{fill:var(--good)}.grid .right{fill:var(--good);opacity:.45}.grid .unproven,.grid .wrong{fill:var(--warning)}.grid .leak{fill:var(--danger);stroke:var(--danger)}.grid .wrong,.grid .unproven{stroke:var(--warning)}.grid .leak,.grid .wrong,.grid .unproven{stroke-width:5px;vector-effect:non-scaling-stroke}
.key span{margin-right:1.2rem;white-space:nowrap}.key i{display:inline-block;width:.8em;height:.8em;margin-right:.4em;border:1px solid var(--line);vertical-align:-.05em}
.key .own{background:var(--good)}.key .right{background:color-mix(in srgb,var(--good) 45%,var(--raised))}.key .wrong{background:var(--warning)}.key .leak{background:var(--danger)}.key .untried{background:var(--raised)}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.2rem;margin:.8rem 0 0}.facts dt{color:var(--muted)}.facts dd{margin:0;overflow-wrap:anywhere}
.by-tenant>li{border-bottom:1px solid var(--line);padding:.3rem .2rem;list-style:none}.by-tenant>li>details>div{padding:.3rem 0 .5rem 1.2rem;font-size:.88rem}
.by-tenant .badge{margin-left:.6rem}.badge.danger{color:var(--danger);background:var(--danger-ground)}
.bare.by-tenant{max-height:75vh;overflow-y:auto;position:relative}
@media print{.bare.by-tenant{max-height:none;overflow:visible}}
`;

/** The result of a check as one page that needs nothing else: no network, and a script only for convenience. */
export function formatMatrixPage(checked: Checked): string {
  const { matrix, plan } = checked;
  const few = matrix.tenants.length <= MATRIX_LIMIT;
  const parts: readonly Part[] = [
    { id: "summary", title: "Result", body: html`${verdict(checked)}${facts(checked)}` },
    {
      ...{ id: "findings", title: "Findings", count: matrix.findings.length },
      body: findingsSection(matrix.findings),
    },
    {
      ...{ id: "matrix", title: "Tenant by tenant", count: matrix.tenants.length },
      body: few ? wholeMatrix(checked) : compactMatrix(checked),
    },
    { id: "tries", title: "What was tried", count: checked.seen.length, body: triesSection(checked, plan) },
  ];
  return page(`Atalaya: are the tenants of ${checked.name} apart?`, parts, when(checked)).text;
}

interface Part {
  readonly id: string;
  readonly title: string;
  readonly count?: number;
  readonly body: Html;
}

const when = ({ started, ended }: Checked): Html =>
  html`Tried on a running environment by <code>npx atalaya check-tenants</code>, from
    <time datetime="${started.toISOString()}">${readable(started)}</time> for
    ${Math.max(1, Math.round((ended.getTime() - started.getTime()) / 1_000))} s.`;

/** `2026-11-21 20:15:03 UTC` */
const readable = (date: Date): string => `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;

function verdict({ matrix, plan, name: called, seen }: Checked): Html {
  const { worst, findings, tenants } = matrix;
  const where = asSentence(called);
  switch (worst) {
    case "right": {
      const active = tenants.filter(({ state }) => state === "active").length;
      const wrote = new Set(
        seen.flatMap(({ who, whose, way, outcome }) =>
          who === whose && way === "write" && outcome === "done" ? [who] : [],
        ),
      );
      const own = html`${wrote.size} of ${counted(active, "active tenant")} wrote and read what is theirs`;
      if (plan.pairs.length === 0)
        return html`<p class="tone warning">
          <b>Nobody was tried with another's data.</b> ${where}: ${own}; a pair takes two tenants.
        </p>`;
      return html`<p class="tone good verdict-line">
        <b>Tenants are apart.</b> ${where}: ${own}, and in ${counted(plan.pairs.length, "pair")} nobody
        reached another's.
      </p>`;
    }
    case "leak": {
      const pairs = new Set(
        findings.flatMap(({ verdict: of, who, whose }) =>
          of === "leak" ? [JSON.stringify([who, whose])] : [],
        ),
      );
      return html`<p class="tone danger" role="alert">
        <b>Tenants are not apart.</b> ${where}: ${counted(pairs.size, "pair")} of ${plan.pairs.length} reached
        another's data.
      </p>`;
    }
    case "wrong":
      return html`<p class="tone warning" role="alert">
        <b>No leak was seen, and not all is as it must be.</b> ${where}: see the findings.
      </p>`;
    case "unproven":
      return html`<p class="tone warning" role="alert">
        <b>No leak was seen, and not all was answered.</b> ${where}: what got no answer proves nothing. Run
        <code>npx atalaya health</code>, then this again.
      </p>`;
    default:
      return worst satisfies never;
  }
}

function facts({ matrix: { tenants }, plan, name: called, endpoints, seen, routes, started }: Checked): Html {
  const suspended = tenants.filter(({ state }) => state === "suspended").length;
  const rows: readonly (readonly [string, Html | string])[] = [
    ["Environment", called],
    ...Object.entries(endpoints).map(([what, url]) => [what, html`<code>${url}</code>`] as const),
    ["When", readable(started)],
    ["Tenants", `${tenants.length - suspended} active, ${suspended} suspended`],
    ["Pairs", `${plan.pairs.length} of ${plan.possible}${plan.rule === undefined ? "" : `: ${plan.rule}`}`],
    ["Written by", routes.join(", ")],
    ["Observations", `${seen.length}`],
  ];
  return html`<dl class="facts">
    ${rows.map(
      ([what, value]) =>
        html`<dt>${what}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

const digest = (text: string): string => `sha256-${createHash("sha256").update(text).digest("base64")}`;

/** Nothing may be loaded, sent or run but this page's own style and script, which are known by their digests. */
const policy = (css: string): string =>
  `default-src 'none'; style-src '${digest(css)}'; script-src '${digest(SCRIPT)}'; img-src data:; base-uri 'none'; form-action 'none'`;

function page(title: string, parts: readonly Part[], subtitle: Html): Html {
  const css = `${style()}${OWN_STYLE}`;
  const counts = ({ count }: Part): Html | false =>
    count !== undefined && html` <span class="count">${count}</span>`;
  return html`<!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${raw(policy(css))}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        ${raw(`<style>${css}</style>`)}
      </head>
      <body>
        <a class="skip" href="#summary">Skip to the content</a>
        <header>
          <h1>${name(title)}</h1>
          <p class="note">${subtitle}</p>
        </header>
        <nav aria-label="Parts of this page">
          <div>
            ${parts.map((part) => html`<a href="#${part.id}">${part.title}${counts(part)}</a>`)}
            <button type="button" id="theme" class="js" aria-label="Switch between light and dark">
              Dark
            </button>
          </div>
        </nav>
        <main>
          ${parts.map(
            (part) =>
              html`<section id="${part.id}" aria-labelledby="${part.id}-title" tabindex="-1">
                <h2 id="${part.id}-title">${part.title}${counts(part)}</h2>
                ${part.body}
              </section>`,
          )}
        </main>
        <footer>
          One page, whole in itself: it loads nothing and sends nothing. It holds no credential.
        </footer>
        ${raw(`<script>${SCRIPT}</script>`)}
      </body>
    </html>`;
}
