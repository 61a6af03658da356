import { type Context, trace, TraceFlags } from "@opentelemetry/api";
import {
  type Sampler,
  SamplingDecision,
  type SamplingResult,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";

/**
 * Marks the share of traces that is exported whatever becomes of them: those that the caller has marked, and a part of the rest by
 * their ids, the same on every replica. The others are recorded all the same, because they may fail yet.
 */
export class ShareSampler implements Sampler {
  readonly #ratio: TraceIdRatioBasedSampler;

  /** @param share 0 to 1 */
  constructor(share: number) {
    this.#ratio = new TraceIdRatioBasedSampler(share);
  }

  shouldSample(context: Context, traceId: string): SamplingResult {
    const flags = trace.getSpanContext(context)?.traceFlags ?? TraceFlags.NONE;
    if ((flags & TraceFlags.SAMPLED) !== 0) return { decision: SamplingDecision.RECORD_AND_SAMPLED };
    const { decision } = this.#ratio.shouldSample(context, traceId);
    return { decision: decision === SamplingDecision.NOT_RECORD ? SamplingDecision.RECORD : decision };
  }

  toString(): string {
    return `Share{${this.#ratio.toString()}}`;
  }
}
