import type { HLJSApi, LanguageFn } from "highlight.js";
import core from "highlight.js/lib/core";
import ini from "highlight.js/lib/languages/ini";
import json from "highlight.js/lib/languages/json";
import yaml from "highlight.js/lib/languages/yaml";
import { html, raw, visible, type Html } from "./html";

/** Alloy's own syntax: blocks with labels, attributes, strings, numbers. */
const alloy: LanguageFn = (hljs) => ({
  name: "Alloy",
  keywords: { literal: ["true", "false", "null"] },
  contains: [
    hljs.C_LINE_COMMENT_MODE,
    hljs.C_BLOCK_COMMENT_MODE,
    hljs.QUOTE_STRING_MODE,
    { scope: "string", begin: "`", end: "`" },
    hljs.C_NUMBER_MODE,
    { scope: "attr", match: /[A-Za-z_][\w.]*(?=\s*=[^=])/ },
    { scope: "title", match: /[a-z_][\w.]*(?=\s*("[^"\n]*"\s*)?\{)/ },
  ],
});

const LANGUAGES: Readonly<Record<string, string>> = {
  ...{ yaml: "yaml", json: "json", ini: "ini", conf: "ini", alloy: "alloy" },
};

let ours: HLJSApi | undefined;

/** Made once, when first asked for. */
function highlighter(): HLJSApi {
  if (ours !== undefined) return ours;
  ours = core.newInstance();
  for (const [language, grammar] of Object.entries({ yaml, json, ini, alloy }))
    ours.registerLanguage(language, grammar);
  ours.configure({ classPrefix: "h-" });
  return ours;
}

/** A file's text, coloured by its name's ending; in a language that is not known it is plain. */
export function highlight(path: string, text: string): Html {
  const language = LANGUAGES[path.slice(path.lastIndexOf(".") + 1)];
  if (language === undefined) return html`${text}`;
  return raw(highlighter().highlight(visible(text), { language }).value);
}

/** The same, line by line, each of them whole: what is open at a line's end is closed there and opened again. */
export function highlightLines(path: string, text: string): readonly Html[] {
  let open: readonly string[] = [];
  return highlight(path, text)
    .text.split("\n")
    .map((line) => {
      const before = open.join("");
      const stack = [...open];
      for (const [tag] of line.matchAll(/<span [^>]*>|<\/span>/g))
        if (tag === "</span>") stack.pop();
        else stack.push(tag);
      open = stack;
      return raw(`${before}${line}${"</span>".repeat(stack.length)}`);
    });
}
