import type { Signal } from "../../../src/model/names";
import { READS, WRITES } from "../isolation/world";
import { NAMED, type Credential, type Named, type Verb } from "./table";
import { signalOf, verbOf, type Actor, type Wanted } from "./try";

/** Numbers from 0 to below 1 that are the same for the same seed (mulberry32): a sample that failed can be had again. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  const all = [...items];
  for (let last = all.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [all[last], all[other]] = [all[other] as T, all[last] as T];
  }
  return all;
}

const SIGNALS: readonly Signal[] = ["metrics", "logs", "traces"];
const VERBS: readonly Verb[] = ["writes", "reads"];
/** Whatever becomes of it: the table says it. */
const TRIED: readonly (readonly [Credential, Named])[] = NAMED.flatMap((named) => [
  ["agent's token", named] as const,
  ["declared key", named] as const,
]);

const ways = [...WRITES, ...READS].flatMap((route) =>
  route.listeners.map((listener) => ({ route, listener })),
);

/**
 * For each signal, verb, credential and header the tenants in a circle of another order: each tries the next one's data once, and
 * is tried once, by some way there is. Beside that everybody does the same with his own, so that there is something to find.
 */
export function sample(actors: readonly Actor[], random: () => number): readonly Wanted[] {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  return SIGNALS.flatMap((signal) =>
    VERBS.flatMap((verb) => {
      const by = ways.filter(({ route }) => signalOf(route) === signal && verbOf(route) === verb);
      const foreign = TRIED.flatMap(([credential, named]) => {
        const circle = shuffled(actors, random);
        return circle.map((who, index): Wanted => {
          const whose = circle[(index + 1) % circle.length] ?? who;
          return { ...pick(by), who, whose, credential, named };
        });
      });
      const own = actors.map((who): Wanted => {
        const [credential, named] = pick(TRIED);
        return { ...pick(by), who, whose: who, credential, named };
      });
      return shuffled([...foreign, ...own], random);
    }),
  );
}
