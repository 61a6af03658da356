/**
 * What we compare our preview with: a plain SDK program with the SDK's own mocks, run by tsx, that registers the same number and
 * kinds of resources, with the same inputs, at once.
 *
 *   node --import tsx bench/plain.ts PROFILE.json
 */
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { Profile } from "./profile";
import { registerAll } from "./resources";

async function main(): Promise<void> {
  const file = process.argv[2];
  if (file === undefined) throw new Error("usage: plain.ts PROFILE.json");
  await pulumi.runtime.setMocks(
    {
      newResource: ({ name, inputs }) => ({ id: `${name}-id`, state: inputs as object }),
      call: ({ inputs }) => inputs as object,
    },
    "atalaya",
    "bench",
    true,
  );
  const registered = await registerAll(JSON.parse(readFileSync(file, "utf8")) as Profile);
  await pulumi.runtime.disconnect();
  console.log(`${registered} resources`);
}

void main();
