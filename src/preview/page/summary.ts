import type { Item, Section, Story, Tone } from "../changes/words/story";
import { isMadeUp } from "../describe";
import type { Plan } from "../plan";
import { headline } from "../text";
import { html, type Html } from "./html";

/** Words beside a colour: nobody must see the colour to know. */
const SPOKEN: Readonly<Record<Tone, string>> = {
  danger: "Danger: ",
  warning: "Attention: ",
  good: "Good: ",
  plain: "",
};

/** Of a list in the story; what is more is counted. */
const ITEMS = 400;

/** The verdict in a few sentences, then what changes, data at risk first. */
export function summarySection(plan: Plan, story: Story | undefined, apart: boolean): Html {
  const { violations, passed } = plan.policies;
  const facts: readonly Item[] = [
    ...(story?.summary ?? [
      { text: `${headline(plan)}.`, tone: "plain", details: [] },
      violations.length === 0
        ? { text: `All ${passed.length} policies pass.`, tone: "good", details: [] }
        : { text: `${violations.length} policy violations.`, tone: "danger", details: [] },
    ]),
    apart
      ? { text: "No tenant reaches another's data.", tone: "good", details: [] }
      : { text: "Tenants are not apart: see the isolation matrix.", tone: "danger", details: [] },
  ];
  return html`<ul class="verdict bare">
      ${facts.map(({ text, tone }) => html`<li class="tone ${tone}">${spoken(tone)}${text}</li>`)}
    </ul>
    ${story?.sections.map(storySection)}`;
}

const spoken = (tone: Tone): Html => html`<span class="sr">${SPOKEN[tone]}</span>`;

const TONES: { readonly [I in Section["id"]]?: Tone } = {
  risks: "danger",
  refusals: "danger",
  violations: "danger",
  warnings: "warning",
};

function storySection({ id, title, items, count = items.length, detail }: Section): Html {
  const shown = items.slice(0, ITEMS);
  const body = html`<ul>
    ${shown.map(storyItem)}
    ${items.length > shown.length && html`<li>... and ${items.length - shown.length} more, left out of this page</li>`}
  </ul>`;
  return detail
    ? html`<details class="story">
        <summary>
          <h3>${title} <span class="count">${count}</span></h3>
        </summary>
        ${body}
      </details>`
    : html`<section class="story ${TONES[id] ?? "plain"}" aria-labelledby="story-${id}">
        <h3 id="story-${id}">${title}</h3>
        ${body}
      </section>`;
}

const storyItem = ({ text, tone, details }: Item): Html =>
  html`<li class="tone ${tone}">
    ${spoken(tone)}${text}${
      details.length > 0 &&
      html`<ul>
        ${details.map((detail) => html`<li>${detail}</li>`)}
      </ul>`
    }
  </li>`;

/** What needs attention, and where everything is: what a plan says besides its parts. */
export function outputsSection({ warnings, outputs }: Plan, compared: boolean): Html {
  const { tenants, ...shared } = outputs;
  const rows = flatten(shared, "");
  const all = html`<ul>
    ${warnings.slice(0, ITEMS).map((warning) => html`<li class="tone warning">${warning}</li>`)}
    ${warnings.length > ITEMS && html`<li>... and ${warnings.length - ITEMS} more</li>`}
  </ul>`;
  // What is new of them has been said already, beside what changes.
  const attention = compared
    ? html`<details class="story">
        <summary>
          <h3>All that needs attention <span class="count">${warnings.length}</span></h3>
        </summary>
        ${all}
      </details>`
    : html`<section class="story warning">
        <h3>Needs attention</h3>
        ${all}
      </section>`;
  return html`${warnings.length > 0 && attention}
    <details class="story">
      <summary>
        <h3>Where to go <span class="count">${rows.length}</span></h3>
      </summary>
      <dl class="outputs">
        ${rows.map(
          ([path, value]) =>
            html`<div>
              <dt>${path}</dt>
              <dd><code>${value}</code></dd>
            </div>`,
        )}
      </dl>
      ${tenants !== undefined && html`<p class="note">Each tenant's own, after an update: <code>pulumi stack output tenants --show-secrets</code>. Secrets are masked here.</p>`}
    </details>`;
}

function flatten(value: unknown, path: string): readonly (readonly [string, string])[] {
  if (value === null || typeof value !== "object")
    return [[path, isMadeUp(value) ? "(known after up)" : String(value)]];
  return Object.entries(value).flatMap(([key, entry]) =>
    flatten(entry, path === "" ? key : `${path}.${key}`),
  );
}
