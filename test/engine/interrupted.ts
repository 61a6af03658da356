import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { OperateError } from "../../src/operate/error";
import type { Found } from "../../src/operate/recovery/decide";
import { lockIn } from "../../src/operate/recovery/lock";
import { thisHost } from "../../src/operate/recovery/processes";
import { recoverStack, type Outcome } from "../../src/operate/recovery/recover";
import { ruleOf, type Place } from "../../src/operate/recovery/rules";
import type { Server, Servers } from "../../src/operate/recovery/servers";
import { stackCli, type Runner } from "../../src/operate/recovery/stack-cli";
import type { Entry } from "../components/environment";
import type { Call, Thing, World } from "./provider/world";
import { listed, PROGRAM_ENVIRONMENT, pulumi, STACK, type EngineStack } from "./stack";

/** Runs an up in a process of its own and kills it, with the CLI, at `moment` of a change, which the servers finish. */
export function killedUp(
  stack: EngineStack,
  tenants: readonly Entry[],
  moment: "before" | "after",
  isMeant: (call: Call) => boolean,
): Promise<void> {
  const project = join(stack.directory, "kept", "project");
  writeFileSync(join(stack.directory, "kept", "tenants.yaml"), listed(tenants));
  const child = spawn(
    process.execPath,
    ["--import", "tsx", join(__dirname, "child.ts"), project, STACK, stack.directory],
    {
      detached: true,
      stdio: "ignore",
      env: { ...process.env, ...stack.environment, ...PROGRAM_ENVIRONMENT() },
    },
  );
  return new Promise((resolve, reject) => {
    let killed = false;
    stack.world[moment] = (call) => {
      if (killed || !isMeant(call)) return;
      killed = true;
      // Its whole group: the CLI is its child. Nobody is left to hear the answer.
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      if (moment === "before") throw new Error("It never came to this.");
    };
    child.once("exit", () => {
      stack.world[moment] = () => undefined;
      if (killed) setTimeout(resolve, 1_000);
      else reject(new Error("It ended by itself."));
    });
  });
}

export const creating =
  (name: string) =>
  (call: Call): boolean =>
    call.kind === "create" && call.name === name;

export interface Recovered {
  readonly outcome: Outcome;
  readonly said: readonly string[];
  /** Copies of the state that were kept. */
  readonly kept: readonly string[];
}

/** What `atalaya recover` does, with the real CLI and the stand-ins' servers. */
export async function recover(
  stack: EngineStack,
  options: { readonly dryRun?: true } = {},
): Promise<Recovered> {
  const [said, kept]: [string[], string[]] = [[], []];
  const outcome = await recoverStack({
    stack: STACK,
    pulumi: stackCli(runner(stack)),
    lock: () => lockIn(join(stack.directory, "kept/backend"), "atalaya", STACK, thisHost()),
    servers: serversOf(stack.world),
    keep: (state) => {
      kept.push(state);
      return "state.json";
    },
    dryRun: options.dryRun ?? false,
    confirm: (question) => Promise.reject(new Error(question)),
    say: (line) => said.push(line),
  });
  return { outcome, said, kept };
}

const runner = (stack: EngineStack): Runner => {
  const capture: Runner["capture"] = async (args) => {
    const { stdout, stderr, code } = await pulumi(stack, withoutStack(args));
    return { code: code ?? 1, stdout, stderr, missing: false };
  };
  return {
    name: STACK,
    capture,
    watch: capture,
    problem: (what, { stderr }) => new OperateError(`${what}: ${stderr}`),
  };
};

/** It is said by the helper of the tests as well. */
const withoutStack = (args: readonly string[]): readonly string[] => {
  const at = args.indexOf("--stack");
  return at < 0 ? args : [...args.slice(0, at), ...args.slice(at + 2)];
};

/** The stand-ins' servers: each has what its providers made. */
const serversOf = (world: World): Servers => ({
  docker: () =>
    serverOf(world, ({ inputs }) => JSON.stringify(inputs["labels"]).includes('"atalaya.environment"')),
  keycloak: ({ username, url }) => {
    if (username !== "admin" || url !== "http://localhost:8090")
      throw new Error("These are not its settings.");
    return serverOf(world);
  },
  grafana: ({ auth, url }) => {
    if (auth?.startsWith("admin:") !== true || url !== "http://localhost:3000")
      throw new Error("These are not its settings.");
    return serverOf(world);
  },
});

function serverOf(world: World, isOurs = (thing: Thing): boolean => thing.id !== ""): Server<Place> {
  const at = (place: Place): Thing | undefined =>
    world.things.find(({ type, inputs }) => {
      const rule = ruleOf(type);
      return rule !== undefined && "place" in rule && isDeepStrictEqual(rule.place(inputs), place);
    });
  return {
    find: (place) => {
      const thing = at(place);
      return Promise.resolve(thing && foundOf(thing, isOurs(thing)));
    },
    remove: (place, id) => {
      const thing = at(place);
      if (thing?.id !== id) throw new Error(`${id} is not there.`);
      world.remove((other) => other === thing);
      return Promise.resolve();
    },
  };
}

const foundOf = ({ type, id }: Thing, ours: boolean): Found => ({
  id,
  ours,
  ...(type === "grafana:oss/organization:Organization" && { outputs: { orgId: Number(id) } }),
});
