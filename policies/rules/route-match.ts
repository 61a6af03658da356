import { WITHOUT_CREDENTIAL } from "./demands";
import { pb, type EdgeRoute } from "./envoy";
import { fields, list, text } from "./values";

/** The methods that a match lets through; none when it does not say. */
export function methodsOf(match: EdgeRoute["match"]): readonly string[] {
  const header = list(match["headers"])
    .map(fields)
    .find(({ name }) => name === ":method");
  if (header === undefined || pb(header, "invert_match") === true) return [];
  const value = fields(pb(header, "string_match"));
  const regex = text(fields(pb(value, "safe_regex"))["regex"]);
  const exact = text(value["exact"]);
  return exact !== undefined ? [exact] : (regex?.split("|") ?? []);
}

/** One exact path with its one method, which may be answered without a credential. */
export const isOpen = ({ match }: Pick<EdgeRoute, "match">): boolean =>
  methodsOf(match).join() === WITHOUT_CREDENTIAL[text(match["path"]) ?? ""];
