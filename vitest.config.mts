import { defineConfig } from "vitest/config";

/** Those that use the one lab: in one process, so that it starts once. */
const LAB = "test/lab/**/*.test.ts";

export default defineConfig({
  test: {
    env: { PULUMI_ERROR_OUTPUT_STRING: "true" },
    // Two cores: more workers than that only fight over them.
    maxWorkers: 2,
    testTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: { name: "units", include: ["test/**/*.test.ts"], exclude: [LAB], sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: "lab",
          include: [LAB],
          isolate: false,
          maxWorkers: 1,
          // After the others: what is measured in the lab should not wait for them.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
