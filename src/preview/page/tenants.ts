import { queueHours } from "../../model/queues";
import { runsHere } from "../../model/tenant";
import type { Limits } from "../../model/limits";
import { formatDuration, formatRate, formatByteRate } from "../../model/units";
import type { People, PeopleOf } from "../changes/people";
import { formatQuantity, LIMIT_UNITS, SAMPLING_UNITS, type Unit } from "../changes/quantities";
import type { PlannedTenant } from "../plan";
import { anchor, html, name, type Html, type Part } from "./html";
import { Room, ROOM } from "./room";

export interface TenantListInput {
  readonly tenants: readonly PlannedTenant[];
  readonly people: PeopleOf;
  /** What becomes of it since the baseline; those that stay as they are are left out. */
  readonly changed: ReadonlyMap<string, ChangedTenant>;
}

export interface ChangedTenant {
  readonly badge: "new" | "suspended" | "changed";
  /** A change each, in words. */
  readonly lines: readonly string[];
}

/** More tenants than that have their limits in lines instead of tables: a page of 1,000 must open at once. */
const TABLES = 100;

/** Every tenant, one line each, that unfolds to all that is theirs. */
export function tenantSection({ tenants, people, changed }: TenantListInput): Html {
  if (tenants.length === 0) return html`<p>The list has no tenant for this environment.</p>`;
  const dense = tenants.length > TABLES;
  const room = new Room(ROOM.tenants);
  return html`${tools(tenants, changed.size > 0)}
    <div class="tenants${dense && " dense"}">
      <div class="row head" aria-hidden="true">
        ${COLUMNS.map(({ title }) => html`<span>${title}</span>`)}
      </div>
      <ul id="tenants" class="bare">
        ${tenants.map((tenant) => row(tenant, people(tenant.id), changed.get(tenant.id), (own) => room.take(() => unfolded(tenant, own, { dense, changes: changed.get(tenant.id)?.lines ?? [] }))))}
      </ul>
      <p id="no-tenants" class="note" hidden>No tenant is like that.</p>
    </div>`;
}

interface Column {
  readonly title: string;
  readonly show: (tenant: PlannedTenant) => Part;
}

const COLUMNS: readonly Column[] = [
  { title: "tenant", show: (tenant) => html`<b>${name(tenant.name)}</b> <code>${tenant.id}</code>` },
  { title: "plan", show: ({ plan }) => plan },
  { title: "requests", show: ({ limits }) => formatRate(limits.edge.requests) },
  { title: "samples", show: ({ limits }) => formatRate(limits.metrics.samples) },
  { title: "logs", show: ({ limits }) => formatByteRate(limits.logs.ingest) },
  { title: "traces", show: ({ limits }) => formatByteRate(limits.traces.ingest) },
  {
    title: "kept: metrics / logs / traces",
    show: ({ retention }) =>
      [retention.metrics, retention.logs.application, retention.traces].map(formatDuration).join(" / "),
  },
  { title: "agents", show: ({ agents }) => agents.length },
];

const SORTS: readonly (readonly [key: string, title: string])[] = [
  ["id", "id"],
  ["name", "name"],
  ["requests", "requests, most first"],
  ["samples", "samples, most first"],
  ["logs", "logs, most first"],
  ["traces", "traces, most first"],
  ["kept", "longest kept logs first"],
];

function tools(tenants: readonly PlannedTenant[], compared: boolean): Html {
  const plans = [...new Set(tenants.map(({ plan }) => plan))].sort();
  return html`<form class="tools js" id="tenant-tools" role="search">
    <label
      >Search <kbd>/</kbd>
      <input
        type="search"
        id="search"
        placeholder="name, agent, scope, contact"
        autocomplete="off"
        spellcheck="false"
    /></label>
    <label
      >State
      <select name="state">
        <option value="">any</option>
        <option>active</option>
        <option>suspended</option>
      </select></label
    >
    <label
      >Plan
      <select name="plan">
        <option value="">any</option>
        ${plans.map((plan) => html`<option>${plan}</option>`)}
      </select></label
    >
    ${compared && html`<label><input type="checkbox" name="changed" /> changed only</label>`}
    <label
      >Sort by
      <select name="sort">
        ${SORTS.map(([key, title]) => html`<option value="${key}">${title}</option>`)}
      </select></label
    >
    <button type="button" data-fold="tenants">Unfold all</button>
    <output id="count" aria-live="polite">${tenants.length} tenants</output>
  </form>`;
}

type Inside = (people: People) => Html | undefined;

function row(
  tenant: PlannedTenant,
  people: People,
  changed: ChangedTenant | undefined,
  inside: Inside,
): Html {
  const { id, state, limits, retention } = tenant;
  const found = [
    ...[id, tenant.orgId, tenant.name, tenant.plan, state],
    ...tenant.agents.map((agent) => agent.id),
    ...tenant.services.flatMap(({ clientId, scopes }) => [clientId, ...scopes]),
    ...tenant.contacts.flatMap((contact) => [contact.name, contact.to]),
  ];
  const suspended = state === "suspended" && html` <span class="badge warning">suspended</span>`;
  const badge =
    changed !== undefined &&
    changed.badge !== "suspended" &&
    html` <span class="badge ${changed.badge === "new" ? "good" : "info"}">${changed.badge}</span>`;
  return html`<li
    id="${anchor("tenant", id)}"
    data-id="${id}"
    data-name="${tenant.name}"
    data-find="${found.join("\n")}"
    data-state="${state}"
    data-plan="${tenant.plan}"
    ${changed !== undefined && html`data-changed`}
    data-requests="${limits.edge.requests}"
    data-samples="${limits.metrics.samples}"
    data-logs="${limits.logs.ingest}"
    data-traces="${limits.traces.ingest}"
    data-kept="${Math.max(...Object.values(retention.logs))}"
  >
    <details>
      <summary class="row">
        ${COLUMNS.map(({ title, show }, index) => html`<span data-label="${title}">${show(tenant)}${index === 0 && [suspended, badge]}</span>`)}
      </summary>
      ${inside(people) ?? html`<p class="note">Left out, because this page would become too large: <code>--format json</code> has it.</p>`}
    </details>
  </li> `;
}

interface Unfolded {
  readonly dense: boolean;
  readonly changes: readonly string[];
}

function unfolded(tenant: PlannedTenant, people: People, { dense, changes }: Unfolded): Html {
  const { retention, sampling, agents, services, contacts } = tenant;
  const kept: readonly Entry[] = [
    ["metrics", formatDuration(retention.metrics)],
    ...Object.entries(retention.logs).map(([kind, time]): Entry => [`logs, ${kind}`, formatDuration(time)]),
    ["traces", formatDuration(retention.traces)],
  ];
  const sampled = (Object.keys(SAMPLING_UNITS) as (keyof typeof SAMPLING_UNITS)[]).map((field): Entry => [
    words(field),
    formatQuantity(sampling[field], SAMPLING_UNITS[field]),
  ]);
  const table = dense ? inline : list;
  return html`<div class="unfolded">
    ${
      changes.length > 0 &&
      html`<section class="changes">
        <h4>What changes</h4>
        ${items(changes.map((line) => html`${line}`))}
      </section>`
    }
    <section>
      <h4>Kept for</h4>
      ${table(kept)}
    </section>
    <section>
      <h4>Agents</h4>
      ${items(
        agents.map(
          (agent) =>
            html`<code>${agent.id}</code
              >${agent.state === "suspended" && " suspended"}${!runsHere(agent) && " runs elsewhere"}, keeps
              ${queueHours(tenant.limits, agent).join(", a tenth of it ")} of what the limits let through`,
        ),
      )}
    </section>
    <section>
      <h4>Services</h4>
      ${items(services.map(({ clientId, scopes }) => html`<code>${clientId}</code> ${scopes.join(", ")}`))}
    </section>
    <section>
      <h4>People</h4>
      ${items([
        ...people.groups.map((group) => html`<code>/tenants/${tenant.id}/${group}</code>`),
        ...people.users.map((user) => html`demonstration user <code>${tenant.id}-${user}</code>`),
      ])}
    </section>
    <section>
      <h4>Contacts</h4>
      ${items(contacts.map(({ name: who, kind, to }) => html`${name(who)}: ${kind === "email" ? html`<bdi>${to}</bdi>` : html`${kind}, the secret <code>${to}</code>`}`))}
    </section>
    <section>
      <h4>Sampling of traces</h4>
      ${table(sampled)}
    </section>
    ${limitGroups(tenant.limits).map(
      ([group, entries]) =>
        html`<section class="limits">
          <h4>Limits: ${group}</h4>
          ${table(entries)}
        </section>`,
    )}
    <p class="note">Organisation id <code>${tenant.orgId}</code></p>
  </div>`;
}

type Entry = readonly [title: string, value: string];

const list = (entries: readonly Entry[]): Html =>
  html`<dl>
    ${entries.map(
      ([title, value]) =>
        html`<div>
          <dt>${title}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
const inline = (entries: readonly Entry[]): Html =>
  html`<p>${entries.map(([title, value]) => `${title} ${value}`).join(" · ")}</p>`;
const items = (all: readonly Html[]): Html =>
  all.length === 0
    ? html`<p class="note">none</p>`
    : html`<ul>
        ${all.map((one) => html`<li>${one}</li>`)}
      </ul>`;

const limitGroups = (limits: Limits): readonly (readonly [string, readonly Entry[]])[] =>
  (Object.keys(LIMIT_UNITS) as (keyof Limits)[]).map((group) => {
    const units: Readonly<Record<string, Unit>> = LIMIT_UNITS[group];
    const values = limits[group] as unknown as Readonly<Record<string, number>>;
    return [
      group,
      Object.entries(units).map(([field, unit]): Entry => [
        words(field),
        formatQuantity(values[field] ?? 0, unit),
      ]),
    ] as const;
  });

/** `labelNameLength` as people read it. */
const words = (field: string): string => field.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
