import { defineConfig } from "vitest/config";

/** Those that use the one lab: in one process, so that it starts once. */
const LAB = "test/lab/**/*.test.ts";
/** Minutes of waiting for what real clocks decide: `npm run test:full` alone. */
const LONG = "test/lab/**/long/*.test.ts";
/** The real engine against stand-in providers: the first environment is made once. */
const ENGINE = "test/engine/**/*.test.ts";
const LONG_ENGINE = "test/engine/long/*.test.ts";
/** Against a server that the full suite alone brings. */
const LONG_UNITS = "test/auth/**/long/*.test.ts";

/** One lab, or one engine, for all files; after the others, because what is measured in it should not wait for them. */
const inOne = (name: string, groupOrder: number) => ({
  name,
  isolate: false,
  maxWorkers: 1,
  sequence: { groupOrder },
});

export default defineConfig({
  test: {
    env: { PULUMI_ERROR_OUTPUT_STRING: "true" },
    // Two cores: more workers than that only fight over them.
    maxWorkers: 2,
    testTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: "units",
          include: ["test/**/*.test.ts"],
          exclude: [LAB, ENGINE, LONG_UNITS],
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { ...inOne("lab", 1), include: [LAB], exclude: [LONG] } },
      { extends: true, test: { ...inOne("engine", 2), include: [ENGINE], exclude: [LONG_ENGINE] } },
      { extends: true, test: { ...inOne("long", 3), include: [LONG, LONG_ENGINE, LONG_UNITS] } },
    ],
  },
});
