import { labInput, type LabInput } from "../../../src/lab/declare";
import type { BackendName } from "../../../src/lab/backends/received";
import type { Lab } from "../../../src/lab/lab";
import { startLab } from "../../../src/lab/start";
import { byteRate, rate, size } from "../../../src/model/units";

const started = new Map<string, Promise<Lab>>();

/** Samples that `co` may send at once. */
export const SAMPLES_AT_ONCE = 40;
/** Bytes of log that `co` may send at once. */
export const LOG_AT_ONCE = size("64KiB");

/** The dev stack, in which `co` has small limits by volume. */
function input(): LabInput {
  const dev = labInput("dev");
  const tenants = dev.tenants.map((tenant) => {
    const { id, limits } = tenant;
    if ((id as string) !== "co") return tenant;
    const metrics = { ...limits.metrics, samples: rate("40/s"), burst: SAMPLES_AT_ONCE };
    const logs = { ...limits.logs, ingest: byteRate("64KiB/s"), burst: LOG_AT_ONCE };
    return { ...tenant, limits: { ...limits, metrics, logs } };
  });
  return { ...dev, tenants };
}

/**
 * A lab whose backends are real servers: these, and recorders for the others. One for all files that ask for the same; it ends
 * with the process.
 */
export function realLab(...real: readonly BackendName[]): Promise<Lab> {
  const name = real.join();
  const lab = started.get(name) ?? startLab({ freePorts: true, real, input: input() });
  started.set(name, lab);
  return lab;
}
