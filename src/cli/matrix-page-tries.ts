import {
  matrixOf,
  VERDICTS,
  type Matrix,
  type Observation,
  type Plan,
  type Verdict,
  type Way,
} from "../client/tenant-matrix";
import type { Signal } from "../model/names";
import { html, type Html } from "../preview/page/html";
import { signalOf, WAYS } from "./matrix-page-seen";

const SIGNALS: readonly Signal[] = ["metrics", "logs", "traces"];
const ORDER: readonly Way[] = ["write", "read", "readFor", "writeFor", "planted", "landed"];

interface Counted {
  readonly signal: Signal;
  readonly verb: string;
  readonly what: string;
  readonly tried: number;
  readonly verdicts: Readonly<Record<Verdict, number>>;
}

/** A row for every signal and way, with how often it was tried and how that was judged. */
export function triesSection(
  { matrix, seen }: { readonly matrix: Matrix; readonly seen: readonly Observation[] },
  { rule }: Plan,
): Html {
  const rows = counts(matrix, seen);
  const words: Readonly<Record<Verdict, string>> = {
    ...{ right: "as it must be", unproven: "no answer", wrong: "not as it must be", leak: "leak" },
  };
  return html`<p class="note">
      Each tenant writes marked items by its agent's token and reads by the key that its Grafana has. What is
      written for another is looked for last, after items that came later are there.
      ${rule !== undefined && html`Tried: ${rule}.`}
    </p>
    <div class="scroll" role="region" aria-label="What was tried" tabindex="0">
      <table class="tries">
        <thead>
          <tr>
            <th scope="col">signal</th>
            <th scope="col">whose data</th>
            <th scope="col">what</th>
            <th scope="col" class="number">tried</th>
            ${VERDICTS.map((verdict) => html`<th scope="col" class="number">${words[verdict]}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ signal, verb, what, tried, verdicts }) =>
              html`<tr>
                <th scope="row">${signal}</th>
                <td>${verb}</td>
                <td>${what}</td>
                <td class="number">${tried}</td>
                ${VERDICTS.map((verdict) => html`<td class="number ${verdicts[verdict] > 0 && verdict !== "right" && `bad ${verdict}`}">${verdicts[verdict]}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

function counts({ tenants }: Matrix, seen: readonly Observation[]): readonly Counted[] {
  const groups = Map.groupBy(
    seen,
    (one) => `${signalOf(one) ?? ""} ${one.who === one.whose ? "own" : "other"} ${one.way}`,
  );
  return SIGNALS.flatMap((signal) =>
    ORDER.flatMap((way) =>
      (["own", "other"] as const).flatMap((verb): readonly Counted[] => {
        const group = groups.get(`${signal} ${verb} ${way}`);
        if (group === undefined) return [];
        return [
          {
            signal,
            verb: verb === "own" ? "its own" : "another's",
            what: WAYS[way][verb],
            tried: group.length,
            verdicts: judged(tenants, group),
          },
        ];
      }),
    ),
  );
}

/** By the same judge as the whole: one observation is right, or it is a finding. */
function judged(tenants: Matrix["tenants"], group: readonly Observation[]): Counted["verdicts"] {
  const { findings } = matrixOf(tenants, group);
  const bad = (verdict: Verdict): number => findings.filter((one) => one.verdict === verdict).length;
  return {
    ...{ unproven: bad("unproven"), wrong: bad("wrong"), leak: bad("leak") },
    right: group.length - findings.length,
  };
}
