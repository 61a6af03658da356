import { createHash } from "node:crypto";

/**
 * Made-up values say what they stand for, so that one can see in a preview, or search for, where a value flows:
 * `preview:tls-private-key:edge:publicKeyPem`. Those of secrets start with `SECRET_MARKER`.
 */
export const SECRET_MARKER = "preview:secret:";

/** `random:index/randomPassword:RandomPassword` is `random-password`, `keycloak:openid/client:Client` `keycloak-openid-client`. */
function kindOf(type: string): string {
  const [provider = "", module = "", name = ""] = type.split(":");
  const dashed = name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, "-").toLowerCase();
  const part = module.split("/")[0] ?? "";
  const words = [provider, ...(part === "index" ? [] : [part])];
  return [...(dashed.startsWith(`${provider}-`) ? [] : words), dashed].join("-");
}

export const marker = (type: string, label: string, property: string): string =>
  `preview:${kindOf(type)}:${label}:${property}`;

/** Unique per resource and output: the property at the end keeps one marker from being the beginning of another. */
export const secretMarker = (type: string, label: string, property: string): string =>
  `${SECRET_MARKER}${kindOf(type)}:${label}:${property}`;

/** Stands for a secret of the stack's configuration, which an offline preview cannot decrypt. */
export const configSecretMarker = (key: string): string => `${SECRET_MARKER}config:${key}:value`;

/** Twelve digits: among 1,000 of a type two meet once in two million lists, and a safe integer everywhere. */
const SMALLEST = 100_000_000_000;

/**
 * A number in place of one that a server would assign. It depends on the type and the name alone, so adding a resource
 * changes no other's; should two meet, the one registered later takes the next free number.
 */
export function numberFor(type: string, label: string, taken: Set<number>): number {
  const hash = createHash("sha256").update(`${type}\n${label}`).digest().readUIntBE(0, 6);
  let number = SMALLEST + (hash % (9 * SMALLEST));
  while (taken.has(number)) number = number === 10 * SMALLEST - 1 ? SMALLEST : number + 1;
  taken.add(number);
  return number;
}

/** Tells resources of one type and name under different parents apart: `db`, `db~2`. */
export class Labels {
  readonly #seen = new Map<string, number>();

  next(type: string, name: string): string {
    const key = `${type}\n${name}`;
    const count = (this.#seen.get(key) ?? 0) + 1;
    this.#seen.set(key, count);
    return count === 1 ? name : `${name}~${count}`;
  }
}
