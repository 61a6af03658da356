import { checkHealth } from "../client/health";
import type { Health, HealthState } from "../client/health-check";
import { toJson } from "../render/yaml";
import { step } from "./progress";
import { target, type TargetOptions } from "./target";
import { aligned, asSentence, colors, type Shown } from "./terminal";

export interface HealthOptions extends TargetOptions {
  readonly json: boolean;
}

const TIMEOUT_MS = 5_000;
/** Exit codes of a check of a running environment; 2 is that it could not be found. */
export const CHECKED = { good: 0, bad: 1 } as const;

/** Asks the environment how it is, prints that and returns the exit code. */
export async function health(options: HealthOptions): Promise<number> {
  const { outputs, isLab, name } = await target(options);
  const seen = await step(`Asking ${name}`, () => checkHealth({ outputs, isLab, timeoutMs: TIMEOUT_MS }));
  const bad = seen.filter(({ state }) => state === "bad").length;
  process.stdout.write(
    options.json ? toJson({ good: bad === 0, components: seen }) : `${formatHealth(name, seen)}\n`,
  );
  return bad === 0 ? CHECKED.good : CHECKED.bad;
}

const SIGNS: Readonly<Record<HealthState, string>> = { good: "✓", bad: "✗", absent: "-" };

/** A row for each component; what to do stands below a bad one. */
export function formatHealth(name: string, seen: readonly Health[], color?: boolean): string {
  const { green, red, dim, bold, yellow } = colors(color);
  const paint: Readonly<Record<HealthState, (text: string) => string>> = {
    good: green,
    bad: red,
    absent: dim,
  };
  const rows = seen.map(({ component, state, latency, seen: what }): readonly Shown[] => [
    { text: component },
    { text: SIGNS[state], shown: paint[state](SIGNS[state]) },
    { text: (latency === undefined ? "" : `${latency} ms`).padStart(7) },
    { text: what, shown: state === "good" ? what : paint[state](what) },
  ]);
  const lines = aligned(rows).split("\n");
  const indent = " ".repeat(Math.max(...seen.map(({ component }) => component.length)) + 14);
  const shown = lines.flatMap((line, index) => {
    const remedy = seen[index]?.remedy;
    return remedy === undefined ? [line] : [line, `${indent}${yellow(remedy)}`];
  });
  const bad = seen.filter(({ state }) => state === "bad");
  const verdict =
    bad.length === 0
      ? green(`${asSentence(name)} is well.`)
      : red(
          `${bad.length} of ${seen.length} not well in ${name}: ${bad.map(({ component }) => component).join("; ")}.`,
        );
  return [...shown, "", bold(verdict)].join("\n");
}
