import * as pulumi from "@pulumi/pulumi";
import { afterEach, expect, it, vi } from "vitest";
import { report } from "../../src/cli/errors";

afterEach(() => vi.restoreAllMocks());

it("what the program says of its settings is bad input, and anything else a fault of ours", () => {
  const told: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => told.push(String(text)) > 0);
  expect(report(new pulumi.RunError("agent-xx is no client."))).toBe(2);
  expect(told).toEqual(["agent-xx is no client.\n"]);
  expect(report(new Error("agent-xx is no client."))).toBe(3);
  expect(told[1]).toMatch(/^atalaya failed; this is a fault of ours, not of your input\.\n/);
});
