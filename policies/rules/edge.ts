import type { Context } from "./context";
import type { Listener, Manager } from "./envoy";
import { nothing, type Violation } from "./rule";

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
      check(manager, listener).map((problem) => ({
        resource: listener.file.resource,
        message: `Listener ${listener.name}: ${problem}.`,
        remedy,
      })),
    ),
  );
}
