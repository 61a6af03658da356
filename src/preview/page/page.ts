import { createHash } from "node:crypto";
import { peopleOf } from "../changes/people";
import { Placement } from "../changes/placement";
import type { Changes } from "../changes/types";
import { tenantLine } from "../changes/words/tenants";
import { headline } from "../text";
import { diagramSection } from "./diagram";
import { fileSection } from "./files";
import { html, name, raw, type Html } from "./html";
import { isolationVerdict, matrixSection } from "./matrix";
import { policySection } from "./policies";
import { SCRIPT } from "./script";
import { style } from "./style";
import { outputsSection, summarySection } from "./summary";
import { tenantSection, type ChangedTenant } from "./tenants";
import type { PageInput } from "./types";

/** More tenants than that are not unfolded on paper. */
const SHORT = 20;

/** A preview, and what it changes, as one HTML page that needs nothing else: no network, and a script only for convenience. */
export async function formatPage(input: PageInput): Promise<string> {
  const { plan, comparison } = input;
  const { tenants, policies } = plan;
  const parts: readonly Part[] = [
    {
      ...{ id: "summary", title: comparison === undefined ? "Summary" : "What changes" },
      body: html`${summarySection(plan, comparison?.story, isolationVerdict(input))}${outputsSection(plan, comparison !== undefined)}`,
    },
    { id: "environment", title: "Environment", body: await diagramSection(input) },
    {
      ...{ id: "tenant-list", title: "Tenants", count: tenants.length },
      body: tenantSection({
        tenants,
        people: peopleOf(plan, new Placement(plan)),
        changed: changedTenants(comparison?.changes),
      }),
    },
    { id: "isolation", title: "Isolation", body: matrixSection(input) },
    {
      id: "policies",
      title: "Policies",
      count: policies.violations.length || policies.passed.length,
      body: policySection(plan),
    },
    { id: "files", title: "Files", count: plan.files.length, body: fileSection(input) },
  ];
  const title =
    comparison === undefined
      ? `Atalaya: ${plan.environment.name}`
      : `Atalaya: ${plan.environment.name} compared with ${comparison.label}`;
  return document(title, parts, headline(plan), tenants.length <= SHORT).text;
}

interface Part {
  readonly id: string;
  readonly title: string;
  readonly count?: number;
  readonly body: Html;
}

/** For a badge beside the tenant's name, and for what is unfolded. */
const changedTenants = (changes: Changes | undefined): ReadonlyMap<string, ChangedTenant> =>
  new Map(
    (changes?.tenants ?? []).map(({ id, changes: own }) => {
      const kinds = new Set(own.map(({ kind }) => kind));
      const badge = kinds.has("added") ? "new" : kinds.has("suspended") ? "suspended" : "changed";
      return [id, { badge, lines: own.filter(({ kind }) => kind !== "added").map(tenantLine) }] as const;
    }),
  );

/** Nothing may be loaded, sent or run but this page's own style and script, which are known by their digests. */
const policy = (css: string): string =>
  [
    "default-src 'none'",
    `style-src '${digest(css)}'`,
    `script-src '${digest(SCRIPT)}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");

const digest = (text: string): string => `sha256-${createHash("sha256").update(text).digest("base64")}`;

function document(title: string, parts: readonly Part[], subtitle: string, short: boolean): Html {
  const css = style();
  // Not in the template: not one space may be between these tags and what was digested.
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
      <body class="${short && "short"}">
        <a class="skip" href="#summary">Skip to the content</a>
        <header>
          <h1>${name(title)}</h1>
          <p class="note">
            ${subtitle}. Made by <code>npm run preview</code>, without an engine and without any secret.
          </p>
        </header>
        <nav aria-label="Parts of this page">
          <div>
            ${parts.map(({ id, title: text, count }) => html`<a href="#${id}">${text}${count !== undefined && html` <span class="count">${count}</span>`}</a>`)}
            <button type="button" id="theme" class="js" aria-label="Switch between light and dark">
              Dark
            </button>
          </div>
        </nav>
        <main>
          ${parts.map(
            ({ id, title: text, count, body }) =>
              html`<section id="${id}" aria-labelledby="${id}-title" tabindex="-1">
                <h2 id="${id}-title">
                  ${text}${count !== undefined && html` <span class="count">${count}</span>`}
                </h2>
                ${body}
              </section>`,
          )}
        </main>
        <footer>
          One page, whole in itself: it loads nothing and sends nothing. <kbd>/</kbd> searches,
          <kbd>Esc</kbd> clears.
        </footer>
        ${raw(`<script>${SCRIPT}</script>`)}
      </body>
    </html>`;
}
