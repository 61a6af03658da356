/** Somebody else's words as one line for a terminal: without what would colour it, move its cursor or turn its text around. */
export const printable = (text: string): string =>
  text
    .replaceAll(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, "")
    .replaceAll(/[\t\n\r]+/g, " ")
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "");
