import { REALM } from "../model/names";
import { ClientError } from "./error";
import type { SigningKey } from "./signing-keys";

export const PRIORITY_STEP = 10;

/** Signing keys by what they are to a rotation. Any others are somebody's, and left alone. */
export interface Ring {
  readonly signing: SigningKey;
  /** Published by a rotation and not yet used. */
  readonly next?: SigningKey;
  /** Published by other rotations besides: never to be used. */
  readonly surplus: readonly SigningKey[];
  /** Could sign, but are behind the one that does. */
  readonly behind: readonly SigningKey[];
  /** A rotation made them passive: what they signed may live. */
  readonly old: readonly SigningKey[];
}

/** Throws ClientError when nothing signs. */
export function ringOf(keys: readonly SigningKey[]): Ring {
  const signing = keys.find(({ signs }) => signs);
  if (signing === undefined) throw new ClientError(`Realm ${REALM} has no active key to sign with.`);
  const pending = keys.filter(isPending).sort(first);
  const next = pending.find(({ priority }) => priority > signing.priority);
  return {
    signing,
    ...(next !== undefined && { next }),
    surplus: pending.filter((key) => key !== next),
    behind: keys.filter((key) => key !== signing && key.status === "active"),
    old: keys.filter(({ status, note }) => status === "passive" && note?.oldSince !== undefined),
  };
}

/** The same for everybody who looks. */
const first = (a: SigningKey, b: SigningKey): number => published(a) - published(b) || (a.id < b.id ? -1 : 1);

const published = ({ note }: SigningKey): number => note?.published ?? 0;
const isPending = ({ status, note }: SigningKey): boolean =>
  status === "passive" && note !== undefined && note.signsSince === undefined && note.oldSince === undefined;

/** A rotation has activated its key, and was killed before the last step. */
export const isHalfDone = ({ signing, next, behind }: Ring): boolean =>
  next === undefined && signing.note?.signsSince !== undefined && behind.length > 0;

export type KeyState = "signing" | "next" | "behind" | "old" | "disabled" | "foreign";

/** What a rotation would do, a line for each step. */
export function plannedRotation(ring: Ring): readonly string[] {
  const { signing, next, surplus, behind } = ring;
  const rest = surplus.map(({ kid }) => `remove ${kid}, which never signed anything`);
  if (isHalfDone(ring)) return [...behind.map(passive), ...rest];
  return [
    next === undefined ? "publish a new key" : `continue with ${next.kid}, which is published already`,
    "wait until Envoy and the auth service have it",
    "sign with it",
    ...[signing, ...behind].map(passive),
    ...rest,
  ];
}

const passive = ({ kid }: SigningKey): string => `make ${kid} passive: its tokens stay good`;

/** @param after also the keys that a rotation before it makes old */
export const plannedRetirement = ({ signing, behind, old }: Ring, after = false): readonly string[] =>
  [...(after ? [signing, ...behind] : []), ...old].map(
    ({ kid, generated }) => `${generated ? "remove" : "disable"} ${kid}, once no token of it lives`,
  );

export function stateOf(key: SigningKey, { signing, next, surplus, behind, old }: Ring): KeyState {
  const isIn = (keys: readonly SigningKey[]): boolean => keys.some(({ kid }) => kid === key.kid);
  if (isIn([signing])) return "signing";
  if (isIn(surplus) || next?.kid === key.kid) return "next";
  if (key.status === "disabled") return "disabled";
  if (isIn(old)) return "old";
  return isIn(behind) ? "behind" : "foreign";
}
