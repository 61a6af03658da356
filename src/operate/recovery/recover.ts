import { isDeepStrictEqual } from "node:util";
import { ClientError } from "../../client/error";
import { OperateError } from "../error";
import { COPIES } from "./copies";
import {
  decide,
  questionOf,
  removals,
  sentence,
  unanswered,
  type Decision,
  type Question,
  type Time,
} from "./decide";
import { mended, parseExported, pendingOf, type Exported } from "./deployment";
import type { LockState } from "./lock";
import { Reach, type Servers } from "./servers";
import type { StackCli } from "./stack-cli";

/** An interrupted update, and all that is needed to go on after it. */
export interface Interrupted {
  readonly stack: string;
  readonly pulumi: StackCli;
  /** Reads it anew. Undefined where locks cannot be read: in a backend that is no directory. */
  readonly lock: () => Promise<LockState | undefined>;
  readonly servers: Servers;
  /** Keeps a copy of the state as it was, which the CLI encrypted; says where. */
  readonly keep: (state: string) => string;
  readonly dryRun: boolean;
  /** Asks who typed the command. Throws where nobody can be asked. */
  readonly confirm: (question: string) => Promise<boolean>;
  readonly say: (line: string) => void;
}

/** `refused`: somebody has to do something first, or works on the stack; nothing was changed but what is said. */
export type Outcome = "recovered" | "nothing" | "refused";

/**
 * Takes an interrupted update's lock away, and tells the state what it made. It may be interrupted itself: the next one looks at
 * everything again, and the state is changed in one step. Throws OperateError and ClientError.
 */
export async function recoverStack(interrupted: Interrupted): Promise<Outcome> {
  const { stack, pulumi, dryRun, say } = interrupted;
  const lock = await interrupted.lock();
  if (lock?.kind === "held") {
    say(
      `Stack ${stack} is being updated by ${lock.owners.join(", ")}, which runs. Wait until it ends, or stop it (Ctrl-C, once), and recover then.`,
    );
    return "refused";
  }
  if (lock?.kind === "left") say(`The lock of ${lock.owners.join(", ")} is left over: that process is gone.`);
  // Whoever is asked takes his time, in which nothing is known yet that could grow old.
  if (!(await isCertain(interrupted, lock))) return "refused";
  const text = await pulumi.export();
  const exported = parseExported(text);
  const reach = new Reach(interrupted.servers, pulumi);
  const decisions = await decisionsOf(exported, reach, timeOf(lock));
  tell(interrupted, decisions);
  if (decisions.some(({ kind }) => kind === "blocked")) {
    say("Nothing was changed. Do what is said above, and recover again.");
    return "refused";
  }
  if (decisions.length === 0 && lock?.kind === "free") return "nothing";
  if (dryRun) return "recovered";
  if (!(await isUnchanged(interrupted, text, (now) => isDeepStrictEqual(now, lock)))) return "refused";
  if (decisions.length > 0) {
    say(
      `The state as it was, encrypted as it was: ${interrupted.keep(text)} (the newest ${COPIES} such copies are kept)`,
    );
    // The lock of whoever was killed keeps all others out until its things are in order.
    for (const { operation, place, found } of removals(decisions))
      await reach.remove(operation, place, found.id);
  }
  await unlock(interrupted, lock);
  if (decisions.length === 0) return "recovered";
  // From now on everybody may begin an update.
  if (!(await isUnchanged(interrupted, text, (now) => now === undefined || now.kind === "free")))
    return "refused";
  await mend(interrupted, exported, decisions);
  return "recovered";
}

const timeOf = (lock: LockState | undefined): Time => ({
  begun: lock !== undefined && "begun" in lock ? lock.begun : undefined,
  now: new Date(),
});

/** Whether what was decided is still good: nobody has changed the state since, or begun to. */
async function isUnchanged(
  { lock, pulumi, say }: Interrupted,
  text: string,
  isExpected: (lock: LockState | undefined) => boolean,
): Promise<boolean> {
  if (isExpected(await lock()) && (await pulumi.export()) === text) return true;
  say("Nothing further was done: the state has changed meanwhile: recover again.");
  return false;
}

/** Whether nobody works on the stack; who typed the command says so where that cannot be seen. */
async function isCertain(
  { stack, dryRun, confirm, say }: Interrupted,
  lock: LockState | undefined,
): Promise<boolean> {
  if (lock !== undefined && lock.kind !== "elsewhere") return true;
  const who =
    lock === undefined
      ? `Whether somebody updates stack ${stack} now cannot be seen from here.`
      : `Stack ${stack} is locked by ${lock.owners.join(", ")}, and whether that runs cannot be seen from here.`;
  if (dryRun) {
    say(`${who} Make sure that nobody does.`);
    return true;
  }
  if (await confirm(`${who} Is it certain that nobody does?`)) return true;
  say("Nothing was changed.");
  return false;
}

async function unlock({ pulumi }: Interrupted, lock: LockState | undefined): Promise<void> {
  if (lock?.kind === "free") return;
  try {
    await pulumi.cancel();
  } catch (error) {
    // Pulumi Cloud refuses where nothing is to be cancelled; if there was, the import says so.
    if (lock !== undefined) throw error;
  }
}

async function mend(
  { pulumi, say }: Interrupted,
  exported: Exported,
  decisions: readonly Decision[],
): Promise<void> {
  const adopted = decisions.flatMap((decision) =>
    decision.kind === "adopt"
      ? [
          {
            resource: decision.operation.resource,
            id: decision.found.id,
            outputs: decision.found.outputs ?? {},
          },
        ]
      : [],
  );
  await pulumi.import(JSON.stringify(mended(exported, adopted)));
  if (adopted.length === 0) return;
  say("Reading what was kept, as its servers have it now ...");
  const code = await pulumi.refresh(adopted.map(({ resource }) => resource.urn));
  if (code !== 0)
    say("It could not be read now. The state knows it all the same, and npm run refresh reads it.");
}

/** What a server, or the state, cannot answer. */
const KNOWN = [ClientError, OperateError];

async function decisionsOf(exported: Exported, reach: Reach, time: Time): Promise<readonly Decision[]> {
  const state = exported.deployment.resources ?? [];
  const answer = async (question: Question): Promise<Decision> => {
    try {
      return decide(question, state, await reach.find(question.operation, question.place), time);
    } catch (error) {
      if (!KNOWN.some((known) => error instanceof known)) throw error;
      return unanswered(question, (error as Error).message);
    }
  };
  const decisions: Decision[] = [];
  for (const operation of pendingOf(exported)) {
    const question = questionOf(operation);
    decisions.push(question.kind === "ask" ? await answer(question) : question);
  }
  return decisions;
}

function tell({ stack, say }: Interrupted, decisions: readonly Decision[]): void {
  if (decisions.length === 0) {
    say(`The state of stack ${stack} knows of nothing that was interrupted.`);
    return;
  }
  const count = decisions.length === 1 ? "One thing was" : `${decisions.length} things were`;
  say(`${count} under way when an update of stack ${stack} was interrupted:`);
  for (const decision of decisions) say(`  ${sentence(decision)}`);
}
