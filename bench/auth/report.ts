import Table from "cli-table3";
import type { Step } from "./ablate";
import type { Result } from "./compare";
import type { Spread } from "./statistics";

const micros = (value: number): string => `${Math.round(value)}`;
const signed = (value: number): string => `${value < 0 ? "" : "+"}${Math.round(value)}`;
const range = ({ min, median, max }: Spread, text: (value: number) => string): string =>
  `${text(min)} / ${text(median)} / ${text(max)}`;

const table = (head: readonly string[]): Table.Table =>
  new Table({
    head: [...head],
    colAligns: head.map((_, index) => (index === 0 ? "left" : "right")),
    style: { head: [], border: [] },
  });

/** The paths, each beside the unguarded Envoy of the same round, and what was aimed at. */
export function resultsText(results: readonly Result[]): string {
  const cells = table([
    "path",
    "requests/s",
    "of unguarded\nmin / median / max",
    "CPU us/request\nEnvoy + auth",
    "unguarded\nEnvoy",
    "CPU us added\nmin / median / max",
    "p50 us\nadded",
    "p99 us\nadded",
  ]);
  for (const { path, perSecond, ratio, cpu, added } of results)
    cells.push([
      path,
      micros(perSecond.guarded),
      range(ratio, (value) => value.toFixed(2)),
      `${micros(cpu.envoy)} + ${micros(cpu.auth)}`,
      micros(cpu.unguarded),
      range(cpu.added, signed),
      signed(added.p50.median),
      signed(added.p99.median),
    ]);
  const aims = results.flatMap(({ path, ratio, cpu, aims: wanted }) =>
    wanted.map(
      ({ text, reached }) =>
        `${reached ? "reached" : "missed "}  ${path}: ${text} (${text.includes("CPU") ? `${micros(cpu.added.median)} us` : ratio.median.toFixed(2)})`,
    ),
  );
  return [cells.toString(), ...aims, ""].join("\n");
}

/** What each part of the chain costs Envoy. */
export function stepsText(steps: readonly Step[]): string {
  const cells = table([
    "with",
    "CPU us/request\nmin / median / max",
    "added\nto min",
    "min above\nunguarded",
  ]);
  for (const { name, cpu, added, guard } of steps)
    cells.push([name, range(cpu, (value) => value.toFixed(1)), added.toFixed(1), guard.toFixed(1)]);
  return `${cells.toString()}\n`;
}
