import * as pulumi from "@pulumi/pulumi";

/**
 * Keeps secrets out of the engine's debug log. The SDK tells it the whole answer to every registration, passwords and keys in
 * plain text (seen with 3.270), and `pulumi up --debug`, `--event-log` and the Automation API's events show it to whoever
 * reads them. Nothing of ours is written there.
 */
export function silenceDebugLog(): void {
  Object.assign(pulumi.log, { debug: () => Promise.resolve() });
}
