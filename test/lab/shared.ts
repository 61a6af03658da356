import type { Lab } from "../../src/lab/lab";
import { startLab } from "../../src/lab/start";

let shared: Promise<Lab> | undefined;

/**
 * The lab that all files of test/lab use: they run in one process, one after the other (vitest.config.mts). It ends with that
 * process. Who breaks something in it mends it again.
 */
export const sharedLab = (): Promise<Lab> => (shared ??= startLab({ freePorts: true }));
