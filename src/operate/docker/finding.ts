/** Something that a machine or its engine lacks, or has too much of. */
export interface Finding {
  readonly severity: "error" | "warning";
  readonly what: string;
  readonly remedy: string;
}

export const error = (what: string, remedy: string): Finding => ({ severity: "error", what, remedy });
export const warning = (what: string, remedy: string): Finding => ({ severity: "warning", what, remedy });
