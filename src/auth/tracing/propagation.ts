import { type Context, defaultTextMapSetter, ROOT_CONTEXT, trace, TraceFlags } from "@opentelemetry/api";
import { parseTraceParent, TraceState, W3CTraceContextPropagator } from "@opentelemetry/core";

/** As a request carried them. Whoever sends them is not believed: they say where its spans hang, and nothing else. */
export interface TraceHeaders {
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

/** Characters. 55 are version 00; later versions may add to them. */
const LONGEST_PARENT = 128;
/** Characters, before anything is made of them. The library takes no more either, and 32 members. */
const LONGEST_STATE = 512;

/** The context that a request goes on with; a new one where `traceparent` is none. Never throws. */
export function extracted({ traceparent, tracestate }: TraceHeaders): Context {
  if (traceparent === undefined || traceparent.length > LONGEST_PARENT) return ROOT_CONTEXT;
  const parent = parseTraceParent(traceparent);
  if (parent === null) return ROOT_CONTEXT;
  const traceState = stateOf(tracestate);
  return trace.setSpanContext(ROOT_CONTEXT, {
    ...parent,
    // Of the flags, the one that has a meaning to us: more of them would not fit where they are passed on.
    traceFlags: parent.traceFlags & TraceFlags.SAMPLED,
    isRemote: true,
    ...(traceState !== undefined && { traceState }),
  });
}

/** All or nothing: a part of it could mean something else. */
function stateOf(text: string | undefined): TraceState | undefined {
  if (text === undefined || text.length > LONGEST_STATE) return undefined;
  const state = new TraceState(text);
  const members = text.split(",").map((member) => member.trim());
  return state.serialize() === members.join(",") && text !== "" ? state : undefined;
}

const propagator = new W3CTraceContextPropagator();

/** `traceparent` and, where the request had a good one, `tracestate`. Baggage is never passed on. */
export function injected(context: Context): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  propagator.inject(context, headers, defaultTextMapSetter);
  return headers;
}
