/** Text that is markup already. Nothing else reaches the page without being escaped. */
export class Html {
  constructor(readonly text: string) {}
}

/** What a template takes: text is escaped, lists are joined, what is not there is left out. */
export type Part = Html | string | number | undefined | false | readonly Part[];

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

/**
 * Characters that nobody sees or that turn the text around them: control, zero-width, byte-order and direction marks, and the
 * second half of a pair alone. They are shown by their number, so that a name cannot look like another one.
 */
const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]|[\ud800-\udfff]/gu;

const shown = (character: string): string =>
  `\u27e8U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}\u27e9`;

/** A text with everything in it visible: still plain text. */
export const visible = (text: string): string => text.replace(UNSEEN, shown);

/** A text as it may stand between tags and in quoted attributes. The one place where that is decided. */
export const escape = (text: string): string =>
  visible(text).replace(/[&<>"'`]/g, (character) => ESCAPES[character] ?? "");

function written(part: Part): string {
  if (part === undefined || part === false) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "string") return escape(part);
  if (typeof part === "number") return String(part);
  return part.map(written).join("");
}

/** html`<b title="${anything}">${anything}</b>`; attributes must be quoted. A template's own indentation is left out. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = "";
  for (const [index, own] of stripped(strings).entries()) text += own + written(parts[index]);
  return new Html(text);
}

const known = new WeakMap<TemplateStringsArray, readonly string[]>();

function stripped(strings: TemplateStringsArray): readonly string[] {
  let own = known.get(strings);
  if (own === undefined) known.set(strings, (own = strings.map((text) => text.replace(/\s*\n\s*/g, "\n"))));
  return own;
}

/** Markup of a library's or of our own, such as a drawing. */
export const raw = (text: string): Html => new Html(text);

/** A name from the list: its direction stays its own. */
export const name = (text: string): Html => html`<bdi>${text}</bdi>`;

/** An id that may be linked to: letters, digits and dashes of whatever it is made of. */
export const anchor = (kind: string, text: string): string =>
  `${kind}-${text.replaceAll(/[^A-Za-z0-9-]/g, (character) => `_${(character.codePointAt(0) ?? 0).toString(16)}`)}`;
