import { describe, expect, it } from "vitest";
import { readingTests, readsOf } from "./reads";
import { BY_CLIENTS, LOKI_READS, MIMIR_READS, NOT_OF_CORTEX, NOT_OF_JAEGER, TEMPO_READS } from "./routes";
import { realLab, SAMPLES_AT_ONCE } from "./shared";
import { volumeTests } from "./volume";

const open = () => realLab("mimir", "tempo");

describe("every read route of the table", () => {
  it("is tried, or is said not to be", () => {
    const tried = [...LOKI_READS, ...MIMIR_READS, ...TEMPO_READS].map(({ route }) => route);
    expect([...tried, ...NOT_OF_CORTEX, ...NOT_OF_JAEGER, ...BY_CLIENTS].sort()).toEqual(
      [...readsOf("loki"), ...readsOf("mimir"), ...readsOf("tempo")].sort(),
    );
  });
});

describe("metrics, read from Cortex in place of Mimir", () => {
  readingTests(open, MIMIR_READS);
});

describe("traces, read from Jaeger in place of Tempo", () => {
  readingTests(open, TEMPO_READS);
});

describe("metrics over the limits of their tenant, in Cortex in place of Mimir", () => {
  volumeTests(open, "metrics", SAMPLES_AT_ONCE);
});
