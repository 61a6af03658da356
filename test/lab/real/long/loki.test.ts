import { describe } from "vitest";
import { readingTests } from "../reads";
import { LOKI_READS } from "../routes";
import { LOG_AT_ONCE, realLab } from "../shared";
import { volumeTests } from "../volume";

const open = () => realLab("loki", "mimir", "tempo");
/** Bytes of a line. */
const LINE = 2_048;

describe("logs, read from the real Loki", () => {
  readingTests(open, LOKI_READS);
});

describe("logs over the limits of their tenant, in the real Loki", () => {
  volumeTests(open, "logs", LOG_AT_ONCE / LINE, LINE);
});
