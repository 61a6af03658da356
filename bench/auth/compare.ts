import type { Edge } from "./edge";
import { busy, calm, probe, type Instruments, type Measured } from "./measure";
import type { Path } from "./paths";
import { median, spread, type Spread } from "./statistics";

export interface Edges {
  readonly guarded: Edge;
  readonly unguarded: Edge;
}

interface Both {
  readonly guarded: Measured;
  readonly unguarded: Measured;
}

/** One path in one round: all that is compared was measured within seconds. */
export interface Pair {
  readonly path: Path["name"];
  readonly busy: Both;
  readonly calm: Both;
}

/** What of the paths is accepted: others are left out, with the reason. Throws when one that has an aim is not. */
export async function accepted(
  all: readonly Path[],
  edge: Edge,
  ca: string,
  say: (line: string) => void,
): Promise<readonly Path[]> {
  const found: Path[] = [];
  for (const path of all) {
    const { status, body } = await probe({ edge, gate: "strict", asked: await path.ask() }, ca);
    if (status === 200) found.push(path);
    else if (path.aim !== undefined) throw new Error(`${path.name} is answered ${status}: ${body}`);
    else say(`${path.name}: left out, because it is answered ${status} ${body}`);
  }
  return found;
}

export interface Schedule {
  readonly rounds: number;
  /** Of a busy slice; a calm one takes half of it. */
  readonly seconds: number;
}

/** Every path beside the unguarded Envoy in every round; who comes first changes, both of the paths and of the two. */
export async function compare(
  instruments: Instruments,
  edges: Edges,
  paths: readonly Path[],
  { rounds, seconds }: Schedule,
  say: (line: string) => void,
): Promise<readonly Pair[]> {
  const pairs: Pair[] = [];
  // The first one is thrown away: it warms caches, connections and the auth service's compiler.
  for (let round = 0; round <= rounds; round++) {
    if (round > 0) say(`round ${round} of ${rounds}`);
    for (let turn = 0; turn < paths.length; turn++) {
      const path = paths[(round + turn) % paths.length];
      if (path === undefined) continue;
      const asked = await path.ask();
      const both = async (measure: typeof busy, length: number): Promise<Both> => {
        const guarded = () => measure(instruments, { edge: edges.guarded, gate: "strict", asked }, length);
        const unguarded = () => measure(instruments, { edge: edges.unguarded, gate: "open", asked }, length);
        if (round % 2 === 0) return { guarded: await guarded(), unguarded: await unguarded() };
        const first = await unguarded();
        return { guarded: await guarded(), unguarded: first };
      };
      const half = Math.max(1, Math.round(seconds / 2));
      if (round === 0) await both(busy, 1);
      else pairs.push({ path: path.name, busy: await both(busy, seconds), calm: await both(calm, half) });
    }
  }
  return pairs;
}

/** A path's result. Microseconds per request. */
export interface Result {
  readonly path: Path["name"];
  readonly what: string;
  readonly perSecond: { readonly guarded: number; readonly unguarded: number };
  readonly ratio: Spread;
  readonly cpu: {
    readonly envoy: number;
    readonly auth: number;
    readonly unguarded: number;
    /** Envoy and the auth service together, above the unguarded Envoy of the same round. */
    readonly added: Spread;
  };
  readonly added: { readonly p50: Spread; readonly p99: Spread };
  readonly aims: readonly { readonly text: string; readonly reached: boolean }[];
}

export function resultOf(path: Path, all: readonly Pair[]): Result {
  const pairs = all.filter((pair) => pair.path === path.name);
  const of = (value: (pair: Pair) => number): readonly number[] => pairs.map(value);
  const ratio = spread(of(({ busy: { guarded, unguarded } }) => guarded.perSecond / unguarded.perSecond));
  const added = spread(
    of(({ busy: { guarded, unguarded } }) => guarded.envoy + guarded.auth - unguarded.envoy - unguarded.auth),
  );
  return {
    path: path.name,
    what: path.what,
    perSecond: {
      guarded: median(of((pair) => pair.busy.guarded.perSecond)),
      unguarded: median(of((pair) => pair.busy.unguarded.perSecond)),
    },
    ratio,
    cpu: {
      envoy: median(of((pair) => pair.busy.guarded.envoy)),
      auth: median(of((pair) => pair.busy.guarded.auth)),
      unguarded: median(of((pair) => pair.busy.unguarded.envoy)),
      added,
    },
    added: {
      p50: spread(of((pair) => pair.calm.guarded.p50 - pair.calm.unguarded.p50)),
      p99: spread(of((pair) => pair.calm.guarded.p99 - pair.calm.unguarded.p99)),
    },
    aims: aims(path, ratio.median, added.median),
  };
}

const aims = ({ aim }: Path, ratio: number, cpu: number): Result["aims"] =>
  aim === undefined
    ? []
    : [
        { text: `throughput at least ${aim.ratio.toFixed(2)} of unguarded`, reached: ratio >= aim.ratio },
        { text: `at most ${aim.cpu} us of CPU added`, reached: cpu <= aim.cpu },
      ];
