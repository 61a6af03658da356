import { askEngine, unanswered } from "./answer";
import { gather, type Facts } from "./facts";
import type { Finding } from "./finding";
import { anotherKind, judgeEngine } from "./judge-engine";
import { judgeMachine } from "./judge-machine";
import { judgeLeftovers, judgeNames, judgeStopped } from "./judge-names";
import { judgePorts } from "./judge-ports";
import type { Needs } from "./needs";

export type { Finding } from "./finding";
export { needsOf, type Needs } from "./needs";

/** All that keeps an environment from being made on this engine and machine, errors first. Throws OperateError. */
export const preflight = (needs: Needs): Promise<readonly Finding[]> => found(needs, judge);

/**
 * For a stack whose state is empty: what Docker has of its environment nonetheless. Its volumes would be taken up in silence, with
 * data that no new password opens. Throws OperateError.
 */
export const leftovers = (needs: Needs): Promise<readonly Finding[]> => found(needs, judgeLeftovers);

async function found(
  needs: Needs,
  decide: (facts: Facts, needs: Needs) => readonly Finding[],
): Promise<readonly Finding[]> {
  const answer = await askEngine();
  if (answer.kind !== "engine") return [unanswered(answer)];
  const other = anotherKind(answer.engine);
  return other === undefined ? decide(await gather(needs, answer.engine), needs) : [other];
}

/** The decision, of facts alone. */
export function judge(facts: Facts, needs: Needs): readonly Finding[] {
  const all = [
    ...judgeEngine(facts.engine, needs),
    ...judgePorts(facts, needs),
    ...judgeNames(facts, needs),
    ...judgeMachine(facts, needs),
    ...judgeStopped(facts, needs),
  ];
  return [...all].sort((a, b) => rank(a) - rank(b));
}

const rank = ({ severity }: Finding): number => (severity === "error" ? 0 : 1);
