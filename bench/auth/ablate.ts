import type { Edge } from "./edge";
import { busy, type Instruments, type Measured } from "./measure";
import type { Path } from "./paths";
import { UNGUARDED_RUNG, type Rung } from "./rungs";
import { spread, type Spread } from "./statistics";
import type { Schedule } from "./compare";

/** Envoy's CPU per request with one part and all before it, in microseconds. */
export interface Step {
  readonly name: string;
  readonly cpu: Spread;
  /** Above the step before, and above the unguarded one. Of the lowest ones: what disturbs a slice only ever adds. */
  readonly added: number;
  readonly guard: number;
}

/** How far the beginning moves from round to round. */
const STRIDE = 5;

/** Envoy's CPU for the same requests with one more part of the chain each time. */
export async function ablate(
  instruments: Instruments,
  rungs: readonly { readonly rung: Rung; readonly edge: Edge }[],
  path: Path,
  { rounds, seconds }: Schedule,
  say: (line: string) => void,
): Promise<readonly Step[]> {
  const measured = rungs.map((): Measured[] => []);
  for (let round = 0; round <= rounds; round++) {
    if (round > 0) say(`round ${round} of ${rounds}`);
    const asked = await path.ask();
    for (let turn = 0; turn < rungs.length; turn++) {
      // Another one begins each time, up and down in turn: what lasts longer than a slice falls on other steps.
      const along = (turn + round * STRIDE) % rungs.length;
      const index = round % 2 === 0 ? along : rungs.length - 1 - along;
      const edge = rungs[index]?.edge;
      if (edge === undefined) continue;
      const one = await busy(instruments, { edge, gate: "open", asked }, round === 0 ? 1 : seconds);
      if (round > 0) measured[index]?.push(one);
    }
  }
  const cpu = measured.map((slices) => spread(slices.map(({ envoy }) => envoy)));
  const lowest = (index: number): number => cpu[index]?.min ?? Number.NaN;
  const base = rungs.findIndex(({ rung }) => rung.name === UNGUARDED_RUNG);
  return cpu.map((all, index) => ({
    name: rungs[index]?.rung.name ?? "",
    cpu: all,
    added: index === 0 ? 0 : lowest(index) - lowest(index - 1),
    guard: lowest(index) - lowest(base),
  }));
}
