/**
 * Log classes (`application`, `system`, `access`) decide how long a line is kept. A sender sets the resource attribute; Loki
 * stores it as the label, and only labels can carry a retention.
 */
export const LOG_CLASS_ATTRIBUTE = "log.class";
/** Loki's spelling of the attribute: dots become underscores. */
export const LOG_CLASS_LABEL = "log_class";
/** What a line without a class is. */
export const DEFAULT_LOG_CLASS = "application";
