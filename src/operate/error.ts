/** An environment cannot be operated as it was asked for: one message with its remedy, for whoever typed the command. */
export class OperateError extends Error {
  override readonly name = "OperateError";
}
