import { readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { docker } from "../../../src/operate/docker/engine";
import { volumeSizes } from "../../../src/operate/pulumi/data";
import { emptyPath, removeFakes } from "./fake";

afterEach(removeFakes);

it("the Docker CLI finds nothing of what opens Pulumi's secrets", async () => {
  const directory = emptyPath();
  const seen = join(directory, "seen");
  const names = ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_ACCESS_TOKEN", "DOCKER_CONFIG"];
  for (const name of names) vi.stubEnv(name, "hunter2");
  vi.stubEnv("PATH", [directory, process.env["PATH"]].join(delimiter));
  writeFileSync(join(directory, "docker"), `#!/bin/sh\nenv >> "${seen}"\n`, { mode: 0o755 });
  await docker(["version"]);
  await volumeSizes();
  const given = readFileSync(seen, "utf8").split("\n");
  expect(given.filter((line) => line.endsWith("hunter2"))).toEqual([
    "DOCKER_CONFIG=hunter2",
    "DOCKER_CONFIG=hunter2",
  ]);
});
