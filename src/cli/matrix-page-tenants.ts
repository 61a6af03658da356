import type { Cell, Matrix, MatrixTenant, Observation, Verdict } from "../client/tenant-matrix";
import type { Signal } from "../model/names";
import type { Verb } from "../model/routes";
import { html, name, raw, type Html } from "../preview/page/html";
import { Room } from "../preview/page/room";
import { badge } from "./matrix-page-findings";
import { outcomeWord, reachOf, signalOf, WAYS, type Reach } from "./matrix-page-seen";

/** As far as this part of the page needs it. */
export interface Shown {
  readonly matrix: Matrix;
  readonly seen: readonly Observation[];
}

const SIGNALS: readonly Signal[] = ["metrics", "logs", "traces"];
const VERBS: readonly Verb[] = ["write", "read"];
/** Characters of markup for what unfolds: the page stays below 10 MB. */
const ROOM = 3_000_000;

const pairOf = (who: string, whose: string): string => JSON.stringify([who, whose]);
const byPair = (seen: readonly Observation[]): ReadonlyMap<string, readonly Observation[]> =>
  Map.groupBy(seen, ({ who, whose }) => pairOf(who, whose));
const cellsOf = ({ cells }: Matrix): ReadonlyMap<string, Cell> =>
  new Map(cells.map((cell) => [pairOf(cell.who, cell.whose), cell]));
/** Tenants with whom something was tried. */
const involved = ({ tenants, cells }: Matrix): readonly MatrixTenant[] => {
  const ids = new Set(cells.flatMap(({ who, whose }) => [who, whose]));
  return tenants.filter(({ id }) => ids.has(id));
};
const suspended = ({ state }: MatrixTenant): Html | false =>
  state === "suspended" && html` <span class="badge warning">suspended</span>`;

/** Each tenant with each; a cell says what was reached by signal and verb, and unfolds to everything that was tried. */
export function wholeMatrix({ matrix, seen }: Shown): Html {
  const [tenants, cells, pairs] = [involved(matrix), cellsOf(matrix), byPair(seen)];
  const cell = (who: MatrixTenant, whose: MatrixTenant): Html =>
    cellOf(cells.get(pairOf(who.id, whose.id)), pairs.get(pairOf(who.id, whose.id)) ?? []);
  return html`<p class="note">
      Each cell says what the tenant of the row did with the data of the tenant of the column, and unfolds to
      what was tried.
      <span class="legend">w write, r read; ✓ reached, ✗ kept out, ? no answer, – not tried.</span>
    </p>
    <div class="scroll" role="region" aria-label="Tenant by tenant" tabindex="0">
      <table class="matrix seen">
        <caption class="sr">
          What the tenant of the row did with the data of the tenant of the column
        </caption>
        <thead>
          <tr>
            <th scope="col">tries ↓ · whose data →</th>
            ${tenants.map(({ id }) => html`<th scope="col">${name(id)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${tenants.map(
            (who) =>
              html`<tr>
                <th scope="row">${name(who.id)}${suspended(who)}</th>
                ${tenants.map((whose) => cell(who, whose))}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

function cellOf(cell: Cell | undefined, seen: readonly Observation[]): Html {
  if (cell === undefined) return html`<td class="untried"><span class="no">not tried</span></td>`;
  const { who, whose, verdict } = cell;
  const kind = verdict !== "right" ? verdict : who === whose ? "own open" : "other";
  return html`<td class="${kind}">
    <details>
      <summary>
        <span class="sr">${who} with data of ${whose}: </span>${verdict !== "right" && badge(verdict)}
        ${marks(who === whose, seen)}
      </summary>
      ${reasons(seen)}
    </details>
  </td>`;
}

const SIGNS: Readonly<Record<Reach, readonly [sign: string, word: string]>> = {
  allowed: ["✓", "reached"],
  refused: ["✗", "kept out"],
  unproven: ["?", "no answer"],
  untried: ["–", "not tried"],
};

/** Each signal with its two marks: for the eye a letter and a sign, for the ear words. */
const marks = (own: boolean, seen: readonly Observation[]): Html =>
  html`<span class="marks"
    >${SIGNALS.map((signal) => {
      const some = seen.filter((one) => signalOf(one) === signal);
      return html`<span><i>${signal}</i>${VERBS.map((verb) => mark(own, verb, reachOf(some, verb)))}</span>`;
    })}</span
  >`;

function mark(own: boolean, verb: Verb, reach: Reach): Html {
  const [sign, word] = SIGNS[reach];
  const kind = reach === "allowed" ? (own ? "yes" : "reached") : reach === "unproven" ? "doubt" : "no";
  return html`<b class="${kind}"
    ><span aria-hidden="true">${verb.charAt(0)} ${sign}</span><span class="sr">${verb} ${word}, </span></b
  > `;
}

/** What was tried and what came of it; the same outcome of several routes is said once. */
function reasons(seen: readonly Observation[]): Html {
  const groups = Map.groupBy(seen, (one) => JSON.stringify([one.way, one.outcome, one.detail]));
  return html`<dl class="reasons">
    ${[...groups.values()].map((group) => {
      const [first] = group;
      if (first === undefined) return html``;
      const words = WAYS[first.way][first.who === first.whose ? "own" : "other"];
      return html`<div>
        <dt>${words}: ${outcomeWord(first)}</dt>
        <dd>${group.map(({ by }) => by).join("; ")}${first.detail !== undefined && ` (${first.detail})`}</dd>
      </div>`;
    })}
  </dl>`;
}

/** Of many: a picture with a point for each pair, and a list to search, a tenant a row. */
export function compactMatrix({ matrix, seen }: Shown): Html {
  const tenants = involved(matrix);
  return html`<p class="note">
      A point for each pair: rows try, columns are whose data it is, both in the order of the list below.
    </p>
    <p class="key note">${KEY.map(([kind, words]) => html`<span><i class="${kind}"></i>${words}</span>`)}</p>
    ${grid(tenants, cellsOf(matrix))}
    <h3 class="apart">By tenant</h3>
    ${list(tenants, matrix, seen)}`;
}

const KEY = [
  ["own", "writes and reads its own"],
  ["right", "kept out"],
  ["wrong", "not as it must be, or no answer"],
  ["leak", "leak"],
  ["untried", "not tried"],
] as const;

/** One path a verdict; neighbours in a row are one stroke. */
function grid(tenants: readonly MatrixTenant[], cells: ReadonlyMap<string, Cell>): Html {
  const paths = new Map<Verdict | "own", string>();
  for (const [y, who] of tenants.entries())
    for (const { kind, from, to } of strokes(who, tenants, cells))
      paths.set(kind, `${paths.get(kind) ?? ""}M${from} ${y}h${to - from}v1h${from - to}z`);
  const size = tenants.length;
  const drawn = [...paths].map(([kind, path]) => `<path class="${kind}" d="${path}"/>`).join("");
  const label = `${size} tenants by ${size} tenants`;
  return raw(
    `<svg class="grid" viewBox="0 0 ${size} ${size}" role="img" aria-label="${label}">${drawn}</svg>`,
  );
}

function strokes(who: MatrixTenant, tenants: readonly MatrixTenant[], cells: ReadonlyMap<string, Cell>) {
  const found: { readonly kind: Verdict | "own"; readonly from: number; to: number }[] = [];
  for (const [x, whose] of tenants.entries()) {
    const verdict = cells.get(pairOf(who.id, whose.id))?.verdict;
    if (verdict === undefined) continue;
    const kind = verdict === "right" && who === whose ? "own" : verdict;
    const last = found.at(-1);
    if (last?.kind === kind && last.to === x) last.to = x + 1;
    else found.push({ kind, from: x, to: x + 1 });
  }
  return found;
}

/** Searched and ordered by the preview's own script, which knows these names. */
function list(tenants: readonly MatrixTenant[], { cells }: Matrix, seen: readonly Observation[]): Html {
  const [tries, tried] = [Map.groupBy(cells, ({ who }) => who), Map.groupBy(cells, ({ whose }) => whose)];
  const own = new Map([...byPair(seen)].filter(([, [first]]) => first?.who === first?.whose));
  const room = new Room(ROOM);
  const rows = tenants.map((tenant) => {
    const [by, of] = [tries.get(tenant.id) ?? [], tried.get(tenant.id) ?? []];
    const bad = [...new Set([...by, ...of])].filter(({ verdict }) => verdict !== "right");
    const others = (all: readonly Cell[]): readonly Cell[] => all.filter(({ who, whose }) => who !== whose);
    return html`<li
      data-id="${tenant.id}"
      data-find="${tenant.id}"
      data-state="${bad.length > 0 ? "bad" : "right"}"
      data-bad="${bad.length}"
    >
      <details>
        <summary>
          <b>${name(tenant.id)}</b> ${marks(true, own.get(pairOf(tenant.id, tenant.id)) ?? [])}
          ${suspended(tenant)}${worst(bad)}
          <span class="note">tried ${others(by).length} others, tried by ${others(of).length}</span>
        </summary>
        ${room.take(() => html`<div>${named("It tried", others(by), ({ whose }) => whose)}${named("It was tried by", others(of), ({ who }) => who)}</div>`) ?? LEFT_OUT}
      </details>
    </li>`;
  });
  return html`${tools()}
    <ol class="bare by-tenant" id="tenants">
      ${rows}
    </ol>
    <p class="note" id="no-tenants" hidden>No tenant is like that.</p>`;
}

const LEFT_OUT = html`<p class="note">
  Left out, because this page would become too large: <code>--json</code> has it.
</p>`;

function worst(bad: readonly Cell[]): Html | false {
  for (const verdict of ["leak", "wrong", "unproven"] as const)
    if (bad.some((cell) => cell.verdict === verdict)) return badge(verdict);
  return false;
}

/** Names, those with a finding marked. */
const named = (words: string, cells: readonly Cell[], other: (cell: Cell) => string): Html =>
  html`<p>
    ${words}:
    ${cells.length === 0 ? "nobody" : cells.map((cell, index) => html`${index > 0 && ", "}${name(other(cell))}${cell.verdict !== "right" && html` ${badge(cell.verdict)}`}`)}.
  </p>`;

const tools = (): Html =>
  html`<form class="tools js" id="tenant-tools">
    <label>Search <input type="search" id="search" autocomplete="off" spellcheck="false" /></label>
    <label
      >Show
      <select name="state">
        <option value="">all</option>
        <option value="bad">only with findings</option>
        <option value="right">only without</option>
      </select></label
    >
    <label
      >Order
      <select name="sort">
        <option value="id">by name</option>
        <option value="bad">findings first</option>
      </select></label
    >
    <input type="hidden" name="plan" value="" />
    <output id="count" aria-live="polite"></output>
  </form>`;
