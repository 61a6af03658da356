import type { AuditEvent } from "../api/audit";
import type { Logger } from "../log";
import type { Trail } from ".";

/**
 * To the log in any case. A refusal of nobody who was verified goes no further: whoever guesses secrets would fill the store with
 * his guesses.
 */
export function recorded(
  { time, ...event }: AuditEvent,
  logger: Pick<Logger, "info">,
  trail: Pick<Trail, "record">,
): Promise<void> {
  // The log has a time of its own.
  logger.info({ audit: "act", at: time, ...event });
  const isGuess = event.tenant === undefined && event.outcome !== "success";
  return isGuess ? Promise.resolve() : trail.record({ time, ...event });
}
