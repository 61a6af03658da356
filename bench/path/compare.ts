import Table from "cli-table3";
import { median, spread, type Spread } from "../auth/statistics";
import { slice, writeSenders, type Arm, type Slice } from "./arms";
import type { Stage } from "./stage";

export interface Schedule {
  readonly rounds: number;
  /** Of one slice. */
  readonly seconds: number;
}

/** All arms of one round, seconds apart, by name. */
export type Round = Readonly<Record<string, Slice>>;

/** Rounds of all arms, another one first each time. The first round is thrown away: it warms caches and connections. */
export async function compare(
  { instruments, arms, body }: Stage,
  { rounds, seconds }: Schedule,
  say: (line: string) => void,
): Promise<readonly Round[]> {
  const files = new Map(arms.map((arm) => [arm, writeSenders(instruments.directory, arm)]));
  const measured: Round[] = [];
  for (let round = 0; round <= rounds; round++) {
    if (round > 0) say(`round ${round} of ${rounds}`);
    const slices: Record<string, Slice> = {};
    for (let turn = 0; turn < arms.length; turn++) {
      const arm = arms[(round + (round % 2 === 0 ? turn : arms.length - turn)) % arms.length];
      const senders = arm === undefined ? undefined : files.get(arm);
      if (arm === undefined || senders === undefined) continue;
      slices[arm.name] = await slice(instruments, arm, { senders, body }, round === 0 ? 1 : seconds);
    }
    if (round > 0) measured.push(slices);
  }
  return measured;
}

const PAIRS = [
  ["many", "one", "many tenants beside one", 0.9],
  ["one", "unguarded", "one tenant beside no check", 0.9],
  ["many", "unguarded", "many tenants beside no check", 0.9],
] as const;

export interface Ratio {
  readonly what: string;
  /** Requests a second of the one, divided by those of the other of the same round. */
  readonly throughput: Spread;
  /** The same of CPU, Envoy's and the collector's together: how much of it the other needs. */
  readonly cpu: Spread;
  readonly aim: number;
}

export interface Result {
  readonly arms: readonly { readonly name: string; readonly what: string; readonly median: Slice }[];
  readonly ratios: readonly Ratio[];
}

export function resultOf(arms: readonly Arm[], rounds: readonly Round[]): Result {
  const of = (name: string): readonly Slice[] => rounds.flatMap((round) => round[name] ?? []);
  const middle = (name: string, key: keyof Slice): number => median(of(name).map((one) => one[key]));
  const paired = (a: string, b: string, value: (slice: Slice) => number): Spread =>
    spread(of(a).map((one, index) => value(one) / value(of(b)[index] ?? one)));
  return {
    arms: arms.map(({ name, what }) => ({
      ...{ name, what },
      median: {
        perSecond: middle(name, "perSecond"),
        envoy: middle(name, "envoy"),
        collector: middle(name, "collector"),
        p50: middle(name, "p50"),
      },
    })),
    ratios: PAIRS.map(([a, b, what, aim]) => ({
      ...{ what, aim },
      throughput: paired(a, b, ({ perSecond }) => perSecond),
      cpu: paired(b, a, ({ envoy, collector }) => envoy + collector),
    })),
  };
}

const range = ({ min, median: middle, max }: Spread): string =>
  [min, middle, max].map((value) => value.toFixed(2)).join(" / ");

export function resultText({ arms, ratios }: Result): string {
  const style = { head: [], border: [] };
  const slices = new Table({
    head: ["", "requests/s", "CPU us/request\nEnvoy", "CPU us/request\ncollector", "p50 us"],
    colAligns: ["left", "right", "right", "right", "right"],
    style,
  });
  for (const { name, what, median: all } of arms)
    slices.push([
      `${name}: ${what}`,
      ...[all.perSecond, all.envoy, all.collector, all.p50].map((value) => `${Math.round(value)}`),
    ]);
  const compared = new Table({
    head: ["", "throughput\nmin / median / max", "CPU of the other\nmin / median / max", "aim"],
    colAligns: ["left", "right", "right", "left"],
    style,
  });
  for (const { what, throughput, cpu, aim } of ratios)
    compared.push([
      what,
      range(throughput),
      range(cpu),
      `${aim.toFixed(2)} ${throughput.median >= aim ? "reached" : "missed"}`,
    ]);
  return `${slices.toString()}\n${compared.toString()}\n`;
}
