import type { Context } from "./context";
import type { Listener, Manager } from "./envoy";
import { nothing, type Violation } from "./rule";
import { entry } from "./values";

/** Runs a check over every HTTP listener of the edge. None at all, or one that cannot be read, is a violation. */
export function eachManager(
  context: Context,
  remedy: string,
  check: (manager: Manager, listener: Listener) => readonly string[],
): readonly Violation[] {
  const { listeners } = context.edge;
  if (listeners.length === 0) return [nothing("Envoy listener")];
  return listeners.flatMap((listener) =>
    listener.managers.flatMap((manager) =>
      together(check(manager, listener)).map((problem) => ({
        resource: listener.file.resource,
        message: `Listener ${listener.name}: ${problem}.`,
        remedy,
      })),
    ),
  );
}

/** Whether any route leads to a process: a socket of Envoy's own is its health, which leads to nobody's data. */
export const leadsInside = ({ edge }: Context, { routes }: Manager): boolean =>
  routes
    .flatMap(({ clusters }) => clusters)
    .some(
      (cluster) => edge.clusters.get(cluster)?.every((endpoint) => endpoint.startsWith("pipe:")) !== true,
    );

/** More routes with one problem than this have one cause. */
const MANY = 3;

/** The same of many routes is said once: `route otlp-http-logs has no verifier, and 110 more routes`. */
function together(problems: readonly string[]): readonly string[] {
  const same = new Map<string, string[]>();
  for (const problem of problems)
    entry(same, /^route \S+ (.*)$/s.exec(problem)?.[1] ?? problem, () => []).push(problem);
  return [...same.values()].flatMap((group) => {
    const [first = ""] = group;
    const isMany = group.length > MANY && first.startsWith("route ");
    return isMany ? [`${first}, and ${group.length - 1} more routes`] : group;
  });
}
