/**
 * Skeletons: two texts with the same skeleton look the same to a person in a hurry. Compared through a map, so that the cost
 * grows with the number of texts and not with the number of pairs.
 */
const ASCII: readonly (readonly [from: string, to: string])[] = [
  ["rn", "m"],
  ["vv", "w"],
  ["0", "o"],
  ["1", "l"],
  ["i", "l"],
];

const asciiSkeleton = (text: string): string =>
  ASCII.reduce((result, [from, to]) => result.replaceAll(from, to), text);

/** `acme-1` and `acmel` meet: confusable letters as one, and dashes do not count. */
export const idSkeleton = (id: string): string => asciiSkeleton(id.toLowerCase()).replaceAll("-", "");

/**
 * Letters of other scripts (lower case, after NFKC) that look like Latin ones in common fonts. From Unicode's confusables
 * (UTS 39), the part that plays a role in names of companies and countries.
 */
const CONFUSABLE: Readonly<Record<string, string>> = {
  // Cyrillic
  а: "a", в: "b", е: "e", ё: "e", ѕ: "s", і: "i", ї: "i", ј: "j", к: "k", м: "m", н: "h", о: "o", р: "p", с: "c", т: "t",
  у: "y", ү: "y", х: "x", ԁ: "d", ԛ: "q", ԝ: "w", һ: "h", ӏ: "l", ѵ: "v", г: "r", п: "n",
  // Greek
  α: "a", β: "b", γ: "y", ε: "e", η: "n", ι: "i", κ: "k", μ: "u", ν: "v", ο: "o", ρ: "p", σ: "o", ς: "c", τ: "t", υ: "u",
  χ: "x", ω: "w", ζ: "z",
  // Armenian
  ա: "w", զ: "q", հ: "h", ո: "n", ս: "u", օ: "o", ց: "g", յ: "j", լ: "l",
  // Latin letters of their own
  ı: "i", ł: "l", ø: "o", ð: "d", đ: "d", ħ: "h", ɑ: "a", ɡ: "g", ɩ: "i", ʟ: "l", ɴ: "n", ʀ: "r", ꜱ: "s", þ: "p",
  // Signs
  "|": "l", "!": "l", "‐": "-", "‑": "-", "–": "-", "—": "-", "−": "-", "’": "'", "‘": "'", "`": "'", "´": "'",
}; // prettier-ignore

/** Names compared as people read them: compatibility forms, case, accents, spacing and look-alike letters do not count. */
export function nameSkeleton(name: string): string {
  const folded = name.normalize("NFKC").toLowerCase().toUpperCase().toLowerCase().normalize("NFKD");
  const bare = folded.replaceAll(/\p{M}|\p{Cf}/gu, "").normalize("NFC");
  const latin = Array.from(bare, (character) => CONFUSABLE[character] ?? character).join("");
  return asciiSkeleton(latin).replaceAll(/[\s\p{Z}\p{Pd}_]+/gu, "");
}

/** Scripts whose letters are mistaken for one another's. */
const MISTAKEN = ["Latin", "Cyrillic", "Greek", "Armenian", "Cherokee", "Coptic"] as const;
const SCRIPTS = MISTAKEN.map((script) => [script, new RegExp(`\\p{Script=${script}}`, "u")] as const);

/** The scripts of a name that are mistaken for one another, when there is more than one of them. */
export function mixedScripts(name: string): readonly string[] {
  const found = SCRIPTS.filter(([, pattern]) => pattern.test(name)).map(([script]) => script);
  return found.length > 1 ? found : [];
}

/** Characters that nobody sees, that change the direction of what follows, or that no font has. */
const UNSEEN =
  /[\p{C}\p{Zl}\p{Zp}\u{34F}\u{115F}\u{1160}\u{17B4}\u{17B5}\u{2800}\u{3164}\u{FFA0}\u{FE00}-\u{FE0F}\u{E0100}-\u{E01EF}]/u;

/** The first such character of a name, as `U+200B`. */
export function unseenCharacter(name: string): string | undefined {
  const code = UNSEEN.exec(name)?.[0].codePointAt(0);
  return code === undefined ? undefined : `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}
