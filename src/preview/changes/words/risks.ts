import { formatDuration, type Seconds } from "../../../model/units";
import type { Refusal, Risk, Who } from "../types";
import { called, item, listed, sentence, type Item } from "./story";

const days = (seconds: number): string => formatDuration(seconds as Seconds);

/** So many are named who lose the same. */
const NAMED = 12;

/** Each risk once; where the same is true of several tenants, as of a plan that was changed, once for all of them. */
export function riskItems(risks: readonly Risk[]): readonly Item[] {
  const groups = Map.groupBy(risks, (risk) =>
    risk.kind === "tenant-removed" ? `${risk.tenant.id}\n${predicate(risk)}` : predicate(risk),
  );
  const items = [...groups.values()].map((group) => {
    const [first] = group;
    const text = first === undefined ? "" : predicate(first);
    const names = group.flatMap((risk) => tenantOf(risk) ?? []).map(called);
    if (names.length === 0)
      return item(sentence(text.replace(/^./, (letter) => letter.toUpperCase())), "danger");
    // A tenant that is removed is itself the sentence's subject.
    const colon = first?.kind === "tenant-removed" ? "" : ":";
    return item(sentence(`${listed(names, NAMED)}${colon} ${text}`), "danger");
  });
  return risks.some(({ kind }) => AGES.has(kind)) ? [...items, item(FOR_GOOD)] : items;
}

/** What the backends delete by themselves, some hours after they know: Loki after two, Mimir after twelve, by their defaults. */
const AGES: ReadonlySet<Risk["kind"]> = new Set(["retention", "maximum-retention"]);
const FOR_GOOD =
  "A shorter retention deletes within a day of the update and for good: a longer one later brings nothing back. " +
  "Save before the update what is still needed.";

const tenantOf = (risk: Risk): Who | undefined => ("tenant" in risk ? risk.tenant : undefined);

function predicate(risk: Risk): string {
  if ("action" in risk) return resourceRisk(risk);
  switch (risk.kind) {
    case "tenant-removed": {
      const { metrics, logs, traces } = risk.kept;
      const queued =
        risk.agents.length === 0
          ? ""
          : ` and what ${listed(risk.agents)} still ${risk.agents.length === 1 ? "has" : "have"} queued`;
      return (
        `is removed: its dashboards, clients, keys${queued} are deleted. What is stored of it stays, read by nobody, ` +
        `until it is older than metrics ${days(metrics)}, logs ${days(logs)}, traces ${days(traces)}`
      );
    }
    case "retention": {
      const what = risk.logClass === undefined ? risk.signal : `logs of class ${risk.logClass}`;
      return `${what} are kept ${days(risk.to)} instead of ${days(risk.from)}: this deletes data older than ${days(risk.to)}`;
    }
    case "maximum-retention":
      return (
        `the environment keeps ${risk.signal} at most ${days(risk.to)} instead of ${days(risk.from)}: ` +
        `this deletes data older than ${days(risk.to)} of tenants that were removed`
      );
    case "queue":
      if (risk.elsewhere === true)
        return risk.moved
          ? `agent ${risk.agent}, which runs elsewhere, becomes another tenant's: what its machine sends is written to that tenant`
          : `agent ${risk.agent}, which runs elsewhere, is removed: its machine drops what it holds`;
      return risk.moved
        ? `agent ${risk.agent} becomes another tenant's: what it has queued stays in its volume and is sent to that tenant`
        : `agent ${risk.agent} is removed: what it has queued and not sent is deleted`;
    default:
      return risk satisfies never;
  }
}

function resourceRisk({
  kind,
  action,
  name,
  process,
  because,
}: Extract<Risk, { readonly action: string }>): string {
  const done = action === "delete" ? "deleted" : "replaced";
  const why =
    because.length === 0 ? "" : ` (its ${listed(because)} ${because.length === 1 ? "is" : "are"} different)`;
  const of = process === undefined ? "" : ` of ${process}`;
  switch (kind) {
    case "volume":
      return `the volume ${name}${of} is ${done}${why}: the data in it is lost`;
    case "password":
      return `the password ${name}${of} is ${done}${why}: the data that it opens cannot be opened any more`;
    case "realm":
      return `the realm ${name} is ${done}${why}: everybody's accounts in it are lost`;
    case "organisation":
      return `the Grafana organisation ${name} is ${done}${why}: the dashboards in it are lost`;
    case "protected":
      return `${name} is protected and is ${done}${why}`;
    default:
      return kind satisfies never;
  }
}

export const refusalItems = (refusals: readonly Refusal[]): readonly Item[] =>
  refusals.map(({ message }) => item(message, "danger"));
