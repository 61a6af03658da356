import { runsHere } from "../../../model/tenant";
import { formatDuration, type Seconds } from "../../../model/units";
import { formatStep } from "../quantities";
import type { Addresses, RetentionChange, TenantChange, TenantChanges } from "../types";
import { addedDetails, addedSentence, beginnings, contactText, scopesOf, wayText } from "./newcomers";
import { called, counted, item, listed, sentence, type Item, type Tone } from "./story";

/** So many tenants with the same changes, as of a plan that was changed, are told of together. */
const ALIKE = 3;
const NAMED_ALIKE = 12;

/**
 * Every tenant with what becomes of it: those who come and go first, then each, then those of whom the same is true. Last what
 * new ones need to begin.
 */
export function tenantItems(tenants: readonly TenantChanges[], addresses: Addresses): readonly Item[] {
  const groups = Map.groupBy(tenants, ({ changes }) => JSON.stringify(changes));
  const [alike, single] = [
    [...groups.values()].filter(isAlike),
    [...groups.values()].filter((g) => !isAlike(g)),
  ];
  const each = single.flat().sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
  return [...each.map(tenantItem), ...alike.map(alikeItem), ...beginnings(tenants, addresses)];
}

const isAlike = (group: readonly TenantChanges[]): boolean =>
  group.length >= ALIKE && group.every(({ changes }) => changes.every(({ kind }) => !WHOLE.includes(kind)));

const WHOLE: readonly TenantChange["kind"][] = ["removed", "added", "suspended", "resumed"];

const rank = ({ changes }: TenantChanges): number => {
  const ranks = changes.map(({ kind }) => WHOLE.indexOf(kind)).filter((at) => at !== -1);
  return ranks.length === 0 ? WHOLE.length : Math.min(...ranks);
};

function tenantItem(tenant: TenantChanges): Item {
  const [first] = tenant.changes.filter(isWhole);
  const others = tenant.changes.filter((change) => !isWhole(change));
  const name = called(tenant);
  const lines = others.map(tenantLine);
  if (first !== undefined)
    return item(`${name} ${stateSentence(first)}`, toneOf(first), [...wholeDetails(first), ...lines]);
  const [only] = lines;
  return lines.length === 1 && only !== undefined
    ? item(sentence(`${name}: ${only}`), toneOf(others[0]))
    : item(`${name}: ${counted(lines.length, "change")}`, "plain", lines);
}

/** What becomes of a tenant as a whole. */
type WholeChange = Extract<TenantChange, { readonly kind: "added" | "removed" | "suspended" | "resumed" }>;

const isWhole = (change: TenantChange): change is WholeChange => WHOLE.includes(change.kind);

function wholeDetails(change: WholeChange): readonly string[] {
  switch (change.kind) {
    case "added":
      return addedDetails(change);
    case "removed":
      return change.tenant.agents.filter((agent) => !runsHere(agent)).map(({ id }) => stopThere(id));
    case "suspended":
      return (change.elsewhere ?? []).map(stopThere);
    case "resumed":
      return (change.elsewhere ?? []).map((agent) => `agent ${agent} runs elsewhere: start it there again`);
    default:
      return change satisfies never;
  }
}

/** The edge's refusal is for good, and nobody but who runs it stops an agent before it meets that. */
const stopThere = (agent: string): string =>
  `agent ${agent} runs elsewhere: stop it there first, or it drops what it holds`;

const alikeItem = (group: readonly TenantChanges[]): Item =>
  item(
    `${group.length} tenants change alike: ${listed(
      group.map(({ id }) => id),
      NAMED_ALIKE,
    )}`,
    "plain",
    (group[0]?.changes ?? []).map(tenantLine),
  );

const TONES: { readonly [K in TenantChange["kind"]]?: Tone } = {
  removed: "danger",
  suspended: "warning",
  added: "good",
  resumed: "good",
  "agent-stale": "warning",
};

function toneOf(change: TenantChange | undefined): Tone {
  if (change?.kind === "retention" && change.to < change.from) return "danger";
  if (change?.kind === "agent-suspended" && change.elsewhere === true) return "warning";
  return (change === undefined ? undefined : TONES[change.kind]) ?? "plain";
}

function stateSentence(change: WholeChange): string {
  switch (change.kind) {
    case "added":
      return addedSentence(change.tenant);
    case "removed":
      return "is removed: its clients, keys, people's groups and Grafana organisation with its dashboards are deleted.";
    case "suspended":
      return (
        `is suspended: every credential is refused at once, its agents${here(change)} stop, its people read nothing. ` +
        "Nothing is deleted by it, and what is stored ages out as before."
      );
    case "resumed":
      return `is active again: its credentials are accepted, its agents${here(change)} start.`;
    default:
      return change satisfies never;
  }
}

const here = ({ elsewhere = [] }: { readonly elsewhere?: readonly string[] }): string =>
  elsewhere.length === 0 ? "" : " here";

/** One change as half a sentence, whose subject is the tenant or what is named. Without a full stop. */
export function tenantLine(change: TenantChange): string {
  switch (change.kind) {
    case "added":
    case "removed":
    case "suspended":
    case "resumed":
      return stateSentence(change);
    case "renamed":
      return `name "${change.from}" -> "${change.to}"`;
    case "plan":
      return `plan ${change.from} -> ${change.to}`;
    case "retention":
      return retentionLine(change);
    case "limit":
      return limitLine(change);
    case "sampling":
      return `sampling.${change.field} ${formatStep(change.from, change.to, change.unit)}`;
    case "contact-added":
      return `gains contact ${contactText(change.contact)}`;
    case "contact-removed":
      return `loses contact ${contactText(change.contact)}`;
    case "contact-changed":
      return `contact ${contactText(change.from)} -> ${wayText(change.to)}`;
    case "groups":
      return gainsAndLoses("group", change);
    case "users":
      return gainsAndLoses("demonstration user", change);
    case "scopes":
    case "agent-added":
    case "agent-removed":
    case "agent-suspended":
    case "agent-resumed":
    case "agent-left":
    case "agent-came":
    case "agent-stale":
    case "service-added":
    case "service-removed":
      return programLine(change);
    default:
      return change satisfies never;
  }
}

type ProgramChange = Extract<
  TenantChange,
  { readonly kind: "scopes" | `agent-${string}` | `service-${string}` }
>;

function programLine(change: ProgramChange): string {
  switch (change.kind) {
    case "agent-added":
      return `gains agent ${change.agent}${change.suspended ? ", suspended" : ""}`;
    case "agent-removed":
      return change.elsewhere === true
        ? `loses agent ${change.agent}, which runs elsewhere: stop it there first, or it drops what it holds`
        : `loses agent ${change.agent}: what it has queued is deleted`;
    case "agent-suspended":
      return change.elsewhere === true
        ? `agent ${change.agent} is suspended: its credential is refused at once. It runs elsewhere: stop it there first, or it drops what it holds`
        : `agent ${change.agent} is suspended: its credential is refused at once, it stops; its queue is kept`;
    case "agent-stale":
      return `hand agent ${change.agent} its configuration anew: npx atalaya onboard ${change.tenant} --shipper alloy --client ${change.agent}`;
    case "agent-resumed":
      return `agent ${change.agent} is active again`;
    case "agent-left":
      return `agent ${change.agent} becomes ${called(change.other)}'s`;
    case "agent-came":
      return `agent ${change.agent} has been ${called(change.other)}'s`;
    case "service-added":
      return `gains service ${change.client}${scopesOf(change.scopes)}`;
    case "service-removed":
      return `loses service ${change.client}${scopesOf(change.scopes)}`;
    case "scopes":
      return `service ${change.client} ${gainsAndLoses("scope", change)}`;
    default:
      return change satisfies never;
  }
}

function gainsAndLoses(
  what: string,
  { gained, lost }: { readonly gained: readonly string[]; readonly lost: readonly string[] },
): string {
  const part = (verb: string, names: readonly string[]): readonly string[] =>
    names.length === 0 ? [] : [`${verb} ${what}${names.length === 1 ? "" : "s"} ${listed(names)}`];
  return [...part("gains", gained), ...part("loses", lost)].join(", ");
}

/** Those whose excess is a matter of time: the edge or a backend answers 429, and agents keep what they have on disk. */
const RATES: ReadonlySet<string> = new Set([
  "edge.requests",
  "metrics.samples",
  "logs.ingest",
  "traces.ingest",
]);

function limitLine({
  group,
  field,
  unit,
  from,
  to,
}: Extract<TenantChange, { readonly kind: "limit" }>): string {
  const later = to < from && RATES.has(`${group}.${field}`);
  return `limits.${group}.${field} ${formatStep(from, to, unit)}${later ? ": more is answered 429, and agents send it later" : ""}`;
}

function retentionLine({ signal, logClass, declared, from, to }: RetentionChange): string {
  const path = logClass === undefined ? signal : `${signal}.${logClass}`;
  const step = formatStep(from, to, "Seconds");
  const as = { now: ", a class of its own now", "no-more": ", no class of its own any more", still: "" }[
    declared
  ];
  const lost = to < from ? `: data older than ${formatDuration(to as Seconds)} is deleted` : "";
  return `retention.${path} ${step}${as}${lost}`;
}
