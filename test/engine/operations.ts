import type { EngineEvent, OpType } from "@pulumi/pulumi/automation";
import { shownUrn } from "../components/environment";

/** Parts of a replacement, which says itself what it is, and what changes nothing. */
const QUIET: readonly OpType[] = [
  "same",
  "read",
  "refresh",
  "create-replacement",
  "delete-replaced",
  "discard-replaced",
];

/** Providers that the engine makes and drops by itself. */
const DEFAULT_PROVIDER = /::default(_|$)/;

/** What a run did, or would do: `replace docker:Container envoy-files`. Sorted. */
export function operationsOf(events: readonly EngineEvent[]): readonly string[] {
  // Of an update that previews first only what was done.
  const updates = events.some(({ resOutputsEvent }) => resOutputsEvent?.planning !== true);
  const done = events
    .flatMap(({ resOutputsEvent }) =>
      resOutputsEvent === undefined || (updates && resOutputsEvent.planning === true)
        ? []
        : resOutputsEvent.metadata,
    )
    .filter(({ op, urn }) => !QUIET.includes(op) && !DEFAULT_PROVIDER.test(urn))
    .map(({ op, urn }) => `${op} ${urn}`);
  // A component says it twice: when it is registered, and when its outputs are.
  return [...new Set(done)].map((line) => line.replace(/urn:.*/, shownUrn)).sort();
}

/** When a resource's creation began and ended, by name as above: positions in the order of all events. */
export function creations(
  events: readonly EngineEvent[],
): ReadonlyMap<string, { began: number; ended: number }> {
  const found = new Map<string, { began: number; ended: number }>();
  events.forEach(({ resourcePreEvent, resOutputsEvent }, position) => {
    const metadata = (resourcePreEvent ?? resOutputsEvent)?.metadata;
    if (metadata?.op !== "create") return;
    const name = shownUrn(metadata.urn);
    const began = found.get(name)?.began ?? position;
    found.set(name, { began, ended: resOutputsEvent === undefined ? Infinity : position });
  });
  return found;
}

/** What the engine told its user, one message a line, without colours. */
export const messagesOf = (events: readonly EngineEvent[]): string =>
  events
    .flatMap(({ diagnosticEvent, policyEvent }) => diagnosticEvent ?? policyEvent ?? [])
    .filter((event) => !("severity" in event) || event.severity === "error" || event.severity === "warning")
    .map(({ message }) => message.replaceAll(/<\{%[a-z ]+%\}>/g, "").trim())
    .join("\n");
