import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    env: { PULUMI_ERROR_OUTPUT_STRING: "true" },
    // Two cores: more workers than that only fight over them.
    maxWorkers: 2,
    testTimeout: 30_000,
  },
});
