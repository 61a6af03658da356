import { z } from "zod";
import { NAME, TENANT_ID, TENANT_ID_LENGTH } from "../model/names";
import type { Input } from "./fields";
import { say } from "./schema-problems";

/** The first letter that is not ASCII and no accented one either: what was typed may look like what was meant. */
function foreignCharacter(text: string): string | undefined {
  const code = /[^\p{ASCII}\p{M}]/u.exec(text.normalize("NFKD"))?.[0].codePointAt(0);
  return code === undefined ? undefined : `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** What a text must look like: a noun, and how to write one. */
export interface TextForm {
  readonly pattern: RegExp;
  /** `a name` */
  readonly what: string;
  /** `lower-case letters ...` */
  readonly form: string;
  readonly suggest?: (text: string) => string;
}

export const text = ({ pattern, what, form, suggest }: TextForm, description: string) => {
  const error = ({ input }: Input): string => {
    if (input === undefined) return say("is missing", `Add it: ${form}.`);
    if (typeof input === "string") {
      const suggestion = suggest?.(input);
      if (suggestion === undefined) return say(`is not ${what}`, `Write ${form}.`);
      const foreign = foreignCharacter(input);
      const more =
        foreign !== undefined
          ? `: it holds ${foreign}`
          : pattern.test(suggestion)
            ? `, such as "${suggestion}"`
            : "";
      return say(`is not ${what}`, `Write ${form}${more}.`);
    }
    // `true` and `null` are words too, but YAML reads them as something else.
    const word = (typeof input === "boolean" || input === null) && pattern.test(String(input));
    return say(`is not ${what}`, word ? `Write it in quotes: "${String(input)}".` : `Write ${form}.`);
  };
  return z.string({ error }).regex(pattern, { error }).describe(description);
};

/** What somebody may have meant by `Tenant_A`: `tenant-a`. */
export const slug = (name: string): string =>
  name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^a-z0-9]+/gu, "-")
    .replaceAll(/^[^a-z]+|-+$/gu, "");

/** The model's pattern and length in one, so that editors see both. */
export const TENANT_ID_PATTERN = new RegExp(
  `^(?=.{${TENANT_ID_LENGTH.minimum},${TENANT_ID_LENGTH.maximum}}$)${TENANT_ID.source.slice(1)}`,
);

export const NAME_FORM = "lower-case letters, digits and single dashes between them, a letter first";

/** Names of plans, agents, services and log classes. */
export const name = (description: string) =>
  text({ pattern: NAME, what: "a name", form: NAME_FORM, suggest: slug }, description);
