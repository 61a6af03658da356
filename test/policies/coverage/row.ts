/** What holds one promise: the rules that decide it with the deliberate breaks that prove them, and the suites where it runs. */
export interface Row {
  /** A number of the list of isolation cases, or a section of the design and a word. */
  readonly key: string;
  readonly title: string;
  /** Deliberate breaks of the shipped environment, by the rule that claims them. */
  readonly rules?: Readonly<Record<string, readonly string[]>>;
  /** Folders or files of tests, and what of it no rule can decide. */
  readonly suites?: Readonly<Record<string, string>>;
  /** Why nothing holds it yet. */
  readonly open?: string;
}
