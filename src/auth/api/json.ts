/** Levels of lists and objects. */
export const DEEPEST = 32;

/** Of a text that is known to be JSON: there, every string ends. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:]|-?\d[\d.eE+-]*/g;

/**
 * Reads JSON (RFC 8259) that means the same to every reader. Throws an Error whose message quotes nothing of the text: where it is
 * none, where it is deeper than {@link DEEPEST}, where a name stands twice in one object or is `__proto__`, and where a number
 * would come back as another one.
 */
export function parseJson(text: string): unknown {
  const value = parsed(text);
  // The names of each object that is open, undefined for a list.
  const levels: (Set<string> | undefined)[] = [];
  let last = "";
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === "{" || token === "[") levels.push(token === "{" ? new Set() : undefined);
    else if (token === "}" || token === "]") levels.pop();
    else if (token === ":") checkName(JSON.parse(last) as string, levels.at(-1));
    else if (!token.startsWith('"')) checkNumber(token);
    if (levels.length > DEEPEST) throw new Error(`It is nested deeper than ${DEEPEST} levels.`);
    last = token;
  }
  return value;
}

function checkName(name: string, names: Set<string> | undefined): void {
  if (name === "__proto__") throw new Error("A name in it is __proto__.");
  if (names?.has(name) === true) throw new Error("A name stands twice in one of its objects.");
  names?.add(name);
}

function checkNumber(token: string): void {
  const number = Number(token);
  const kept = /[.eE]/.test(token) ? Number.isFinite(number) : Number.isSafeInteger(number);
  if (!kept) throw new Error("A number in it is too large to be kept exactly: send it as a string.");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("It is not JSON.");
  }
}
