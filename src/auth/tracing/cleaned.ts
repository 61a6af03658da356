import { type Attributes, type SpanContext, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { isAllowed, isSpanName } from "./attributes";

/**
 * The span as it may leave the process: attributes of the list alone, no events, no links, no message, and nothing of the
 * client's `tracestate`. Marked as sampled, because the exporter takes no other.
 */
export function cleaned(span: ReadableSpan): ReadableSpan {
  const { name, kind, startTime, endTime, status, duration, resource, instrumentationScope } = span;
  const all = Object.entries(span.attributes);
  const allowed: Attributes = Object.fromEntries(all.filter(([key, value]) => isAllowed(key, value)));
  const attributes = status.code === SpanStatusCode.ERROR ? { ...failureOf(allowed), ...allowed } : allowed;
  const context = exported(span.spanContext());
  const parent = span.parentSpanContext;
  return {
    ...{ kind, startTime, endTime, duration, resource, instrumentationScope, attributes },
    name: isSpanName(name) ? name : "unnamed",
    spanContext: () => context,
    ...(parent !== undefined && { parentSpanContext: exported(parent) }),
    status: { code: status.code },
    ended: true,
    ...{ links: [], events: [] },
    droppedAttributesCount: span.droppedAttributesCount + all.length - Object.keys(allowed).length,
    droppedEventsCount: span.droppedEventsCount + span.events.length,
    droppedLinksCount: span.droppedLinksCount + span.links.length,
  };
}

/** What it is known by where no error was caught. */
function failureOf({ "atalaya.code": code, "http.response.status_code": status }: Attributes): Attributes {
  const known = code ?? status;
  return known === undefined ? {} : { "error.type": String(known) };
}

const exported = ({ traceId, spanId, isRemote }: SpanContext): SpanContext => ({
  traceId,
  spanId,
  traceFlags: TraceFlags.SAMPLED,
  ...(isRemote !== undefined && { isRemote }),
});
