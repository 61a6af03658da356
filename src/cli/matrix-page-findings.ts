import { VERDICTS, type Finding, type Verdict } from "../client/tenant-matrix";
import { listed } from "../preview/changes/words/story";
import { html, name, type Html } from "../preview/page/html";

/** More rows than these are not read, and `--json` has them. */
const MOST_ROWS = 500;

const BADGES: Readonly<Record<Exclude<Verdict, "right">, readonly [tone: string, word: string]>> = {
  leak: ["danger", "leak"],
  wrong: ["warning", "not as it must be"],
  unproven: ["warning", "no answer"],
};

export const badge = (verdict: Exclude<Verdict, "right">): Html => {
  const [tone, word] = BADGES[verdict];
  return html`<span class="badge ${tone}">${word}</span>`;
};

/** A row for all of one pair that were seen to do the same, the worst first. */
export function findingsSection(findings: readonly Finding[]): Html {
  if (findings.length === 0) return html`<p class="tone good">None: all is as it must be.</p>`;
  const groups = [
    ...Map.groupBy(findings, ({ verdict, who, whose, words, detail }) =>
      JSON.stringify([verdict, who, whose, words, detail]),
    ).values(),
  ].sort(([a], [b]) => rank(b) - rank(a));
  const left = groups.length - MOST_ROWS;
  return html`<div class="scroll tall" role="region" aria-label="Findings" tabindex="0">
      <table class="findings">
        <thead>
          <tr>
            ${["", "who", "with data of", "what was seen", "by", "answered"].map((text) => html`<th scope="col">${text}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${groups.slice(0, MOST_ROWS).map(row)}
        </tbody>
      </table>
    </div>
    ${left > 0 && html`<p class="note">And ${left} more: <code>--json</code> has all of them.</p>`}`;
}

const rank = (finding: Finding | undefined): number =>
  finding === undefined ? -1 : VERDICTS.indexOf(finding.verdict);

function row(group: readonly Finding[]): Html {
  const [first] = group;
  if (first === undefined) return html``;
  const { verdict, who, whose, words, detail } = first;
  return html`<tr>
    <td>${badge(verdict)}</td>
    <th scope="row">${name(who)}</th>
    <td>${who === whose ? "its own" : name(whose)}</td>
    <td>${name(`${who} ${words}`)}</td>
    <td>${listed([...new Set(group.map(({ by }) => by))], 12)}</td>
    <td>${detail ?? ""}</td>
  </tr>`;
}
