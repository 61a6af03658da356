import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { delimiter, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Exported, StateResource } from "../../../src/operate/recovery/deployment";
import { run, type Finished } from "../../servers";
import { firstUp, type FirstUp } from "../first-up";
import { VOLUME } from "../provider/world";
import { STACK, withStack, type EngineStack } from "../stack";

let first: FirstUp;
beforeAll(async () => {
  first = await firstUp();
}, 180_000);

/** An engine that knows one volume. */
const DOCKER = `#!/bin/sh
case "$1 $2 $3" in
  version*) echo '{"Server": {"Version": "28.2.2", "ApiVersion": "1.50", "Os": "linux"}}' ;;
  info*) echo '{}' ;;
  "volume inspect atalaya-dev-left.data") echo '[{"Name": "atalaya-dev-left.data", "Labels": {"atalaya.environment": "dev"}}]' ;;
  *) exit 1 ;;
esac
`;

const home = ({ directory }: EngineStack): string => join(directory, "own");
const locks = ({ directory }: EngineStack): string =>
  join(directory, "kept/backend/.pulumi/locks/organization/atalaya", STACK);

/** As a user runs it, with the stack's CLI and a docker of its own on PATH. */
function recover(stack: EngineStack, ...options: readonly string[]): Promise<Finished> {
  return run(process.execPath, ["--import", "tsx", join(__dirname, "..", "recover-child.ts"), ...options], {
    cwd: join(__dirname, "..", "..", ".."),
    env: {
      ...stack.environment,
      PATH: `${join(stack.directory, "bin")}${delimiter}${process.env["PATH"] ?? ""}`,
      ATALAYA_ROOT: join(stack.directory, "kept/project"),
      ATALAYA_HOME: home(stack),
    },
    timeoutMs: 120_000,
  });
}

/** Leaves what a killed up leaves: its lock, and a volume of which the state knows that it was being made. */
function leave(stack: EngineStack, host: string): StateResource {
  mkdirSync(locks(stack), { recursive: true });
  const lock = { pid: 2 ** 22 + 1, username: "ana", hostname: host, timestamp: "2026-11-21T09:13:04.5Z" };
  writeFileSync(join(locks(stack), "left.json"), JSON.stringify(lock));
  const file = join(stack.directory, "kept/backend/.pulumi/stacks/atalaya", `${STACK}.json`);
  const state = JSON.parse(readFileSync(file, "utf8")) as {
    readonly checkpoint: {
      readonly latest: Record<string, unknown> & { readonly resources: StateResource[] };
    };
  };
  const { latest } = state.checkpoint;
  const like = latest.resources.find(({ type, urn }) => type === VOLUME && urn.endsWith("::agent-mx-data"));
  if (like === undefined) throw new Error("There is no volume.");
  const { id, outputs, ...rest } = like;
  const inputs = { ...rest.inputs, name: "atalaya-dev-left.data" };
  const resource = { ...rest, urn: like.urn.replace("::agent-mx-data", "::left-data"), inputs };
  latest["pending_operations"] = [{ type: "creating", resource }];
  writeFileSync(file, JSON.stringify(state));
  stack.world.things.push({
    type: VOLUME,
    id: inputs.name,
    inputs,
    outputs: { ...outputs, ...inputs, id: `${id ?? ""}-left`, mountpoint: "/left" },
  });
  return resource;
}

describe("atalaya recover", { timeout: 240_000 }, () => {
  it("after a killed up: takes its lock away, adopts its volume, keeps a copy, and finds nothing afterwards", async () => {
    await withStack(async (stack) => {
      writeFileSync(join(stack.directory, "bin/docker"), DOCKER);
      chmodSync(join(stack.directory, "bin/docker"), 0o755);
      const { urn } = leave(stack, "laptop");
      const refused = await recover(stack);
      expect([refused.code, refused.stderr]).toEqual([
        2,
        "Stack dev is locked by ana on laptop (process 4194305, since 2026-11-21T09:13:04Z), and whether that runs cannot be seen from here. Is it certain that nobody does? Nobody can be asked here: where it is certain, add --yes.\n",
      ]);
      expect(readdirSync(locks(stack))).toEqual(["left.json"]);

      leave(stack, hostname());
      const { code, stdout, stderr } = await recover(stack);
      expect([code, stderr]).toEqual([0, ""]);
      const [copy = ""] = readdirSync(home(stack)).filter((name) => name.startsWith("recover-"));
      expect(stdout.split("\n")).toEqual(
        expect.arrayContaining([
          `The lock of ana on ${hostname()} (process 4194305, since 2026-11-21T09:13:04Z) is left over: that process is gone.`,
          "One thing was under way when an update of stack dev was interrupted:",
          "  left-data was being made, and its volume atalaya-dev-left.data is there: kept, the state is told of it.",
          `The state as it was, encrypted as it was: ${join(home(stack), copy)} (the newest 5 such copies are kept)`,
          "Now: npm run up -- --stack dev",
        ]),
      );
      expect(statSync(join(home(stack), copy)).mode & 0o777).toBe(0o600);
      expect(readFileSync(join(home(stack), copy), "utf8")).toMatch(/"ciphertext"/);
      expect(readFileSync(join(home(stack), copy), "utf8")).not.toMatch(/"plaintext"/);
      expect(readdirSync(locks(stack))).toEqual([]);

      const { deployment } = (await stack.stack.exportStack()) as unknown as Exported;
      expect(deployment.pending_operations ?? []).toEqual([]);
      const adopted = (deployment.resources ?? []).find((one) => one.urn === urn);
      // What only its server knows came by the refresh.
      expect([adopted?.id, adopted?.outputs?.["mountpoint"]]).toEqual(["atalaya-dev-left.data", "/left"]);

      expect((await recover(stack)).stdout).toBe(
        "The state of stack dev knows of nothing that was interrupted.\nNow: npm run up -- --stack dev\n",
      );
    }, first);
  });
});
