import { PulumiCommand } from "@pulumi/pulumi/automation";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { cacheDir, pins } from "../../src/lab/servers/installed";

/** The Pulumi CLI that `npm run servers` built. Throws when it is missing, so that no test passes without it. */
export function pulumiBinary(): string {
  const wanted = pins()["pulumi"]?.version ?? "";
  const listed = JSON.parse(readFileSync(join(cacheDir(), "servers.json"), "utf8")) as Readonly<
    Record<string, { readonly version: string; readonly bin: string } | undefined>
  >;
  const found = listed["pulumi"];
  if (found?.version !== wanted) throw new Error(`pulumi ${wanted} is not installed. Run: npm run servers`);
  return found.bin;
}

/** The CLI as the Automation API takes it: `bin/pulumi` below a folder. */
export function pulumiCommand(folder: string): Promise<PulumiCommand> {
  mkdirSync(join(folder, "bin"), { recursive: true });
  symlinkSync(pulumiBinary(), join(folder, "bin", "pulumi"));
  return PulumiCommand.get({ root: folder });
}
