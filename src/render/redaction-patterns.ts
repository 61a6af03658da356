import type { Redaction } from "../model/tenant";

/** What stands in the place of a secret. */
export const MASK = "****";

/** Secrets in a text. The same in RE2, which collectors read, and in JavaScript, which tests do. */
export interface Secret {
  readonly pattern: string;
  /** With `$1` and so on for what stays. */
  readonly replacement: string;
}

/** By which a value is known for a secret: the end of a name, so that `aws_secret_access_key` and `clientSecret` are ones. */
const NAMES =
  "passw(?:or)?d|passphrase|pwd|secret|token|credentials?|signature|(?:api|access|private|secret)[_-]?key";
const IS = String.raw`\s*(?:=>|[=:])\s*`;

/** Known by their own form. */
const WHOLE: readonly string[] = [
  // Private keys, also where the end was cut off.
  String.raw`-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|$)`,
  // JWTs, signed or encrypted.
  String.raw`eyJ[0-9A-Za-z_-]{8,}(?:\.[0-9A-Za-z_-]*){2,4}`,
  // Our own API keys.
  "atl_[0-9a-z-]+_[0-9A-Za-z]{20,}",
  // AWS, GitHub, GitLab, Slack.
  "(?:AKIA|ASIA)[0-9A-Z]{16}|gh[opsur]_[0-9A-Za-z]{36,}|github_pat_[0-9A-Za-z_]{22,}|glpat-[0-9A-Za-z_-]{20,}|xox[abeprs]-[0-9A-Za-z-]{10,}",
];
/** Machines and units are written like addresses: `rabbit@node.svc.cluster.local`, `getty@tty1.service`. */
const NO_DOMAINS = "internal local mount scope service slice socket svc target timer".split(" ");
/** Ends where a domain does: not at a label of a longer one. */
const EMAIL = String.raw`[0-9A-Za-z._%+-]+@(?:[0-9A-Za-z-]+\.)+(?i:${lettersBut(NO_DOMAINS)})([^0-9A-Za-z.]|\.[^A-Za-z]|\.?$)`;
/** By the networks' first digits and lengths, in one piece or in groups: a number of 16 digits may well be one by chance. */
const CARD = `(?:${["", " ", "-"]
  .flatMap((by) => [
    `(?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|6011|65[0-9]{2})(?:${by}[0-9]{4}){3}`,
    `3[47][0-9]{2}${by}[0-9]{6}${by}[0-9]{5}`,
  ])
  .join("|")})`;
/** No part of a longer number, an id or a path, and no decimals. Several of them are one, since each needs what is around it. */
const CARDS = String.raw`(^|[^0-9A-Za-z_.#/-])${CARD}(?:[^0-9A-Za-z_.#/-]${CARD})*([^0-9A-Za-z_.-]|\.[^0-9A-Za-z]|\.?$)`;

/** Two letters or more that are none of these words: collectors' patterns cannot look ahead. */
function lettersBut(words: readonly string[], depth = 0): string {
  const first = [...new Set(words.map((word) => word.charAt(0)))].filter((letter) => letter !== "");
  const more = first.map((letter) => {
    const rest = words.filter((word) => word.startsWith(letter)).map((word) => word.slice(1));
    return letter + lettersBut(rest, depth + 1);
  });
  const other = letters(first) + (depth === 0 ? "[a-z]+" : "[a-z]*");
  return `(?:${[other, ...more].join("|")})${depth < 2 || words.includes("") ? "" : "?"}`;
}

/** All but these. */
function letters(not: readonly string[]): string {
  return `[${Array.from("abcdefghijklmnopqrstuvwxyz")
    .filter((letter) => !not.includes(letter))
    .join("")}]`;
}

const AUTHORIZATION = String.raw`authorization\\*["']?\s*[=:]\s*\\*["'[]*`;
/** Known by what is before them, which stays: each is a way to write it in brackets, and the secret. */
const LED: readonly string[] = [
  // `postgres://user:password@host`.
  String.raw`(://[^\s/?#@:"'<>]*:)[^\s/?#"'<>]+(@)`,
  // Headers in a text. Of schemes that are not known nothing stays, nor what is behind: a word may be one, or the secret.
  String.raw`(?i:(${AUTHORIZATION}(?:basic|bearer|negotiate)\s+))[^\s"'\\,;]+`,
  String.raw`(?i:(${AUTHORIZATION}(?:digest|hawk|mac|oauth|token)\s+))(?:[a-z]\s*=\s*\\*"[^"\\]*\\*"|[^\r\n"'\\])+`,
  String.raw`(?i:(${AUTHORIZATION}(?:(?:api-?key|key|ssws)\s+)?))[^\r\n"'\\]*[^\s"'\\,;]`,
  String.raw`(?i:(cookie\\*["']?:\s*\\*["'[]*))[^\r\n"'\\]+`,
  // Not "basic authentication": long, with a digit, or padded.
  String.raw`(?i:\b(bearer\s+))(?:[A-Za-z._~+/-]*[0-9][0-9A-Za-z._~+/-]{3,}|[0-9A-Za-z._~+/-]{20,})=*`,
  String.raw`(?i:\b(basic\s+))(?:[0-9A-Za-z+/]{6,}={1,2}|[0-9A-Za-z+/]{24,})`,
  // `?code=x&sig=x`: what is secret in a query alone.
  String.raw`([?&](?i:code|key|sig|session|x-amz-credential)=)[^&#\s"'\\]+`,
  // `password=x`, `token: x`, `"secret":"x"`, the same within a JSON text (`\"secret\":\"x\"`) and `'secret': 'x'`.
  `(?i:(${NAMES}))(?:${[
    String.raw`("?${IS}")(?:[^"\\]|\\[\s\S])*`,
    String.raw`(\\+"${IS}\\+")[^"\\]*`,
    `('?${IS}')[^']*`,
    // What cannot begin a value: `token == null`, `token => ...`.
    String.raw`(["'\\]*\s*=\s*)[^\s"'\\&;,=>~<(){}[\]][^\s"'\\&;,]*`,
    String.raw`(\s*:\s*)[^\s"'\\&;,<>(){}[\]]{4,}`,
  ].join("|")})`,
];

/** What is masked in every text. */
export const secretsOf = ({ emails, cards }: Redaction): readonly Secret[] => [
  { pattern: WHOLE.join("|"), replacement: MASK },
  ...(emails ? [{ pattern: EMAIL, replacement: `${MASK}$1` }] : []),
  ...(cards ? [{ pattern: CARDS, replacement: `$1${MASK}$2` }] : []),
  // The at sign is the second of the groups, and follows the secret.
  { pattern: LED.join("|"), replacement: `$1$3$4$5$6$7$8$9$10$11$12$13$14$15${MASK}$2` },
];

/** Attributes whose value is a secret whatever it looks like, by the end of their keys; of some, all that is below them. */
export const SECRET_KEYS = String.raw`(?i)(?:(?:authorization|cookie|credentials?)(?:\.[^.]+)*|(?:${NAMES})(?:\.[0-9]+)*)$`;

/**
 * One of them is in every text with a secret, written small: who has none need not be searched, which costs five times as much.
 * Plain letters, each for itself, because those are found fast.
 */
export const hintsOf = ({ cards }: Redaction): readonly string[] => [
  ...["passw", "passphrase", "pwd", "secret", "token", "credential", "signature", "_key", "-key", "pikey"],
  ...["sskey", "tekey", "key=", "sig=", "session=", "authorization", "cookie", "bearer", "basic ", "eyj"],
  ...["atl_", "akia", "asia[0-9a-z]", "gh[opsur]_", "_pat_", "glpat-", "xox", "-----begin", "@"],
  ...[String.raw`\?code=`, "&code=", "u0026code="],
  ...(cards ? ["[0-9](?:[ -]?[0-9]){14}"] : []),
];

/** The parameters of a query without its `?`, as `url.query` has it. */
export const QUERY: Secret = {
  pattern: "(^|&)(?i:(code|key|sig|session))=[^&#]+",
  replacement: `$1$2=${MASK}`,
};
