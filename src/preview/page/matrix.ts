import { called, counted } from "../changes/words/story";
import { OPERATORS } from "../isolation/evidence";
import { isolation, SIGNALS, VERBS, type Cell, type Isolation } from "../isolation/isolation";
import type { Plan } from "../plan";
import { html, name, type Html } from "./html";
import { Room, ROOM } from "./room";
import type { PageInput } from "./types";

/** More tenants than that are shown as own against all others, and any pair by a look-up. */
const WHOLE = 8;

/** Who reaches whose data: each tenant with each, or in many tenants its own against everybody else's. */
export function matrixSection({ plan, evidence }: Pick<PageInput, "plan" | "evidence">): Html {
  const found = isolation(evidence);
  const leaky = found.tenants.filter(({ id }) => found.leaks(id).length > 0);
  const known = new Map(plan.tenants.map((tenant) => [tenant.id, tenant.name]));
  const title = (id: string): string => {
    const own = known.get(id);
    return own === undefined ? id : called({ id, name: own });
  };
  return html`${verdict(found, leaky.length)}
    <p class="note">
      Each cell says what the credentials of the row may do with the data of the tenant of the column, and
      unfolds to why. It is worked out from what this preview rendered and declared: Envoy's routes and
      bindings, the auth service's directory and keys, Keycloak's clients, claims and groups.
      <span class="legend">w write, r read; ${mark(true)} allowed, ${mark(false)} refused.</span>
    </p>
    ${found.tenants.length <= WHOLE ? html`${wholeMatrix(found, title)}${others(found, [noCredential])}` : html`${compact(found, title)}${others(found, [noCredential, operatorsInWords])}`}`;
}

function verdict({ tenants, open }: Isolation, leaky: number): Html {
  if (tenants.length === 0)
    return html`<p>There is no tenant in the auth service's directory, so nobody reaches anything.</p>`;
  if (leaky > 0 || open.length > 0)
    return html`<p class="tone danger" role="alert">
      Tenants are not apart: ${leaky} of ${tenants.length} reach data that is not theirs.
    </p>`;
  const pairs = tenants.length * (tenants.length - 1);
  return html`<p class="tone good">
    Tenants are apart: none of ${tenants.length} reaches another's data, in any of ${pairs} pairs,
    ${SIGNALS.length} signals and ${VERBS.length} directions.
  </p>`;
}

const mark = (allowed: boolean): Html =>
  allowed
    ? html`<b class="yes"><span aria-hidden="true">✓</span><span class="sr">allowed</span></b>`
    : html`<b class="no"><span aria-hidden="true">✗</span><span class="sr">refused</span></b>`;

const LETTERS = { write: "w", read: "r" } as const;

/** For the eye a letter and a mark; for the ear words. */
const verbMark = ({ verb, allowed }: Cell): Html =>
  html`<b class="${allowed ? "yes" : "no"}"
    ><span aria-hidden="true">${LETTERS[verb]} ${allowed ? "✓" : "✗"}</span
    ><span class="sr">${verb} ${allowed ? "allowed" : "refused"}, </span></b
  >`;

/** Three signals, each with its two marks. */
const marks = (cells: readonly Cell[]): Html =>
  html`<span class="marks"
    >${SIGNALS.map(
      (signal) =>
        html`<span><i>${signal}</i>${cells.filter((cell) => cell.signal === signal).map(verbMark)}</span>`,
    )}</span
  >`;

/** Cells of one verdict and reason are said once: `write metrics, logs and traces`. */
function reasons(cells: readonly Cell[]): Html {
  const groups = [
    ...Map.groupBy(cells, ({ verb, allowed, reason }) => `${verb}|${allowed}|${reason}`).values(),
  ];
  return html`<dl class="reasons">
    ${groups.map((group) => {
      const [first] = group;
      if (first === undefined) return html``;
      return html`<div>
        <dt>${mark(first.allowed)} ${first.verb} ${group.map(({ signal }) => signal).join(", ")}</dt>
        <dd>${first.reason}</dd>
      </div>`;
    })}
  </dl>`;
}

const cell = (by: string, whose: string, cells: readonly Cell[]): Html => {
  const reached = cells.some(({ allowed }) => allowed);
  const kind = by === whose ? `own ${reached ? "open" : "shut"}` : reached ? "leak" : "other";
  return cellOf(by, whose, kind, cells);
};

/** Operators are there to read. */
const operatorCell = (whose: string, cells: readonly Cell[]): Html => {
  const allowed = cells.filter((one) => one.allowed);
  const writes = allowed.some(({ verb }) => verb === "write");
  return cellOf(OPERATORS, whose, writes ? "leak" : allowed.length > 0 ? "all" : "other", cells);
};

const cellOf = (by: string, whose: string, kind: string, cells: readonly Cell[]): Html =>
  html`<td class="${kind}">
    <details>
      <summary><span class="sr">${by} with data of ${whose}: </span>${marks(cells)}</summary>
      ${reasons(cells)}
    </details>
  </td>`;

const wholeMatrix = ({ tenants, cells, operators }: Isolation, title: (id: string) => string): Html =>
  html`<div class="scroll" role="region" aria-label="Isolation matrix" tabindex="0">
    <table class="matrix">
      <caption class="sr">
        What the credentials of the row may do with the data of the tenant of the column
      </caption>
      <thead>
        <tr>
          <th scope="col">credentials of ↓ · data of →</th>
          ${tenants.map(({ id }) => html`<th scope="col">${name(title(id))}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${tenants.map(
          ({ id, state }) =>
            html`<tr>
              <th scope="row">
                ${name(title(id))}
                ${state === "suspended" && html`<span class="badge warning">suspended</span>`}
              </th>
              ${tenants.map((other) => cell(id, other.id, cells(id, other.id)))}
            </tr>`,
        )}
        ${
          tenants.length > 0 &&
          html`<tr>
            <th scope="row">${OPERATORS} <span class="note">no tenant: who runs the environment</span></th>
            ${tenants.map(({ id }) => operatorCell(id, operators.cells(id)))}
          </tr>`
        }
      </tbody>
    </table>
  </div>`;

/** A row a tenant. The look-up of a pair takes its words from these rows. */
function compact({ tenants, cells, leaks }: Isolation, title: (id: string) => string): Html {
  const room = new Room(ROOM.isolation);
  const folded = (found: readonly Cell[]): Html =>
    html`<details>
      <summary>${inWords(found)}</summary>
      ${room.take(() => reasons(found)) ?? LEFT_OUT}
    </details>`;
  const rows = tenants.map(({ id, state }) => {
    const foreign = leaks(id);
    const other = tenants.find((one) => one.id !== id && !foreign.includes(one.id));
    return html`<tr data-tenant="${id}" data-name="${title(id)}">
      <th scope="row">
        ${name(title(id))} ${state === "suspended" && html`<span class="badge warning">suspended</span>`}
      </th>
      <td class="own ${state === "active" ? "open" : "shut"}">${folded(cells(id, id))}</td>
      <td class="other">
        ${folded(other === undefined ? [] : cells(id, other.id))}
        ${foreign.map(
          (whose) =>
            html`<div class="leak" data-leak="${whose}">
              reaches ${name(title(whose))}: ${reasons(cells(id, whose))}
            </div>`,
        )}
      </td>
    </tr>`;
  });
  return html`<form class="tools js lookup" id="lookup">
      <label
        >Credentials of <input name="by" list="tenant-ids" autocomplete="off" spellcheck="false"
      /></label>
      <label>data of <input name="whose" list="tenant-ids" autocomplete="off" spellcheck="false" /></label>
      <datalist id="tenant-ids">${tenants.map(({ id }) => html`<option value="${id}"></option>`)}</datalist>
      <output id="lookup-answer" aria-live="polite"
        >Name two tenants by their ids to see one cell of the matrix.</output
      >
    </form>
    <div class="scroll tall" role="region" aria-label="Isolation matrix" tabindex="0">
      <table class="matrix compact">
        <thead>
          <tr>
            <th scope="col">credentials of</th>
            <th scope="col">own data</th>
            <th scope="col">data of any other tenant</th>
          </tr>
        </thead>
        <tbody id="pairs">
          ${rows}
        </tbody>
      </table>
    </div>`;
}

const LEFT_OUT = html`<p class="note">
  Why is left out, because this page would become too large. A smaller list (<code>--tenants</code>) has it.
</p>`;

/** `writes metrics, logs, traces; reads nothing`. */
const inWords = (found: readonly Cell[]): string =>
  VERBS.map((verb) => {
    const signals = found.filter((one) => one.verb === verb && one.allowed).map(({ signal }) => signal);
    return `${verb}s ${signals.length === 0 ? "nothing" : signals.join(", ")}`;
  }).join("; ");

type Words = (found: Isolation) => Html;

/** Those who are no tenant and have no row. */
const others = (found: Isolation, all: readonly Words[]): Html =>
  html`<h3 class="apart">Who is no tenant</h3>
    <ul class="bare">
      ${all.map((words) => html`<li>${words(found)}</li>`)}
    </ul>`;

const noCredential: Words = ({ open }) =>
  html`<b>No credential</b>:
    ${open.length === 0 ? "gets tokens for a secret and reads the tenant API's description; every other route of the edge has a verifier." : `reaches ${open.join(", ")}: these routes have no verifier.`}`;

const operatorsInWords: Words = ({ operators, tenants }) => {
  const rights = [...new Set(operators.keys.flatMap((key) => key.rights))].sort();
  const opened = new Set(operators.keys.map(({ orgId }) => orgId)).size;
  const active = tenants.filter(({ state }) => state === "active").length;
  return html`<b>${OPERATORS}</b>:
    ${operators.group ? `people in /${OPERATORS} read every active tenant (${active}), one at a time, and write nothing` : "the realm has no group of operators"}${operators.keys.length > 0 && `; their Grafana organisation has ${counted(operators.keys.length, "key")} of ${counted(opened, "tenant")} (${rights.join(", ")})`}.`;
};

/** For the head of the page. */
export function isolationVerdict({ evidence }: Pick<PageInput, "evidence"> & { plan: Plan }): boolean {
  const found = isolation(evidence);
  return found.open.length === 0 && found.tenants.every(({ id }) => found.leaks(id).length === 0);
}
