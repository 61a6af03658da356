/** What a program registers, without names: how many of each type, and a few of their inputs in turn. */
export interface Profile {
  readonly tenants: number;
  readonly types: readonly {
    readonly type: string;
    readonly count: number;
    readonly inputs: readonly object[];
  }[];
}

interface Registered {
  readonly type: string;
  readonly inputs: object;
}

/** So many examples of a type, evenly over all of them: containers are small and large. */
const EXAMPLES = 8;

/** The profile of a recording, or of a plan as `preview --format json` prints it. */
export function profileOf(resources: readonly Registered[], tenants: number): Profile {
  const byType = Map.groupBy(
    resources.filter(({ type }) => type !== "pulumi:pulumi:Stack"),
    ({ type }) => type,
  );
  const types = [...byType].map(([type, all]) => {
    const step = Math.max(1, Math.floor(all.length / EXAMPLES));
    const inputs = all.filter((_, index) => index % step === 0).slice(0, EXAMPLES);
    return { type, count: all.length, inputs: inputs.map((one) => one.inputs) };
  });
  return { tenants, types };
}
