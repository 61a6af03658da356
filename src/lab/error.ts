/** The lab cannot be started or does not run as it should: one message for whoever typed the command. */
export class LabError extends Error {
  override readonly name = "LabError";
}
