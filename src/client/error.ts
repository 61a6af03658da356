/** A running environment did not answer as it should: one message for whoever typed the command, without any credential. */
export class ClientError extends Error {
  override readonly name = "ClientError";
}
