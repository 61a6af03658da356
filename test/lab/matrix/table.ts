import type { Refusal } from "../isolation/ledger";

/** What somebody proves himself by. */
export const CREDENTIALS = ["agent's token", "declared key", "own key", "person's token"] as const;
export type Credential = (typeof CREDENTIALS)[number];

/** Whom he names in `X-Scope-OrgID`: nobody, the other alone, himself and the other as `a|b`. */
export const NAMED = ["nobody", "the other", "both"] as const;
export type Named = (typeof NAMED)[number];

export type Verb = "writes" | "reads";

/** `as himself`: it reaches a backend once, for his own organisation, whatever he asked for. */
export type Answer = "as himself" | Extract<Refusal, `403 ${string}`>;

export interface Rule {
  readonly credential: Credential;
  readonly verb: Verb;
  readonly named: Named;
  /** With another tenant's data; and where the other is he himself. */
  readonly foreign: Answer;
  readonly own: Answer;
}

const SELF = "as himself";
const DENIED = "403 tenant_denied";
const MISSING = "403 right_missing";

/**
 * What has to come of everything that a tenant tries with another's data. Written by hand, after DESIGN 4: an agent's token says
 * whose it is and Envoy takes no notice of what is asked for; everybody else may ask for exactly his own tenant; several at
 * once are nobody's. Agents write and read nothing, people and the keys that Grafana has read and write nothing; a key that
 * somebody made for himself does what he gave it.
 */
const ROWS: readonly (readonly [Credential, Verb, Named, foreign: Answer, own: Answer])[] = [
  ["agent's token",  "writes", "nobody",    SELF,    SELF],
  ["agent's token",  "writes", "the other", SELF,    SELF],
  ["agent's token",  "writes", "both",      SELF,    SELF],
  ["agent's token",  "reads",  "nobody",    MISSING, MISSING],
  ["agent's token",  "reads",  "the other", DENIED,  MISSING],
  ["agent's token",  "reads",  "both",      DENIED,  DENIED],
  ["declared key",   "writes", "nobody",    MISSING, MISSING],
  ["declared key",   "writes", "the other", DENIED,  MISSING],
  ["declared key",   "writes", "both",      DENIED,  DENIED],
  ["declared key",   "reads",  "nobody",    SELF,    SELF],
  ["declared key",   "reads",  "the other", DENIED,  SELF],
  ["declared key",   "reads",  "both",      DENIED,  DENIED],
  ["own key",        "writes", "nobody",    SELF,    SELF],
  ["own key",        "writes", "the other", DENIED,  SELF],
  ["own key",        "writes", "both",      DENIED,  DENIED],
  ["own key",        "reads",  "nobody",    SELF,    SELF],
  ["own key",        "reads",  "the other", DENIED,  SELF],
  ["own key",        "reads",  "both",      DENIED,  DENIED],
  // Where agents write, Envoy looks for an agent in every token and finds none.
  ["person's token", "writes", "nobody",    DENIED,  DENIED],
  ["person's token", "writes", "the other", DENIED,  DENIED],
  ["person's token", "writes", "both",      DENIED,  DENIED],
  ["person's token", "reads",  "nobody",    SELF,    SELF],
  ["person's token", "reads",  "the other", DENIED,  SELF],
  ["person's token", "reads",  "both",      DENIED,  DENIED],
]; // prettier-ignore

export const RULES: readonly Rule[] = ROWS.map(([credential, verb, named, foreign, own]) => ({
  ...{ credential, verb, named, foreign, own },
}));

export function ruleFor(credential: Credential, verb: Verb, named: Named): Rule {
  const found = RULES.find(
    (rule) => rule.credential === credential && rule.verb === verb && rule.named === named,
  );
  if (found === undefined) throw new Error(`the table says nothing of ${credential} ${verb} ${named}`);
  return found;
}
