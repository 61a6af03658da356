import { TOKEN_LIFE } from "./routes";
import { duration, type Seconds } from "./units";

/** Seconds since 1970, as Keycloak counts them. */
export type Moment = number & { readonly brand: "Moment" };

/** How the secrets of agents and services are renewed. */
export interface ClientSecrets {
  /** A secret that is this old is replaced by the next update. */
  readonly rotateEvery: Seconds;
  /** So long after that the one before is still accepted. */
  readonly overlap: Seconds;
  /** By client id: what it had before this moment is known to others, and is replaced without an overlap. */
  readonly leaked: Readonly<Record<string, Moment>>;
}

/** Programs keep a token for its whole life before they read their secret again: that has to work more than once. */
export const SHORTEST_OVERLAP = (3 * TOKEN_LIFE) as Seconds;
export const LONGEST_ROTATION = duration("365d");
/** So far the clocks of those who run updates may differ: a secret from further in the future was dated by a wrong one. */
export const CLOCK_TOLERANCE = duration("1m");

/** What is accepted besides a client's own secret. */
export interface Previous<Secret> {
  readonly secret: Secret;
  /** When it was made; undefined when nobody knows. */
  readonly since: Moment | undefined;
  readonly until: Moment;
}

/** What a client has since the last update. */
export interface Held<Secret> {
  readonly secret: Secret;
  /** When this secret was made; undefined when Keycloak made it. */
  readonly since: Moment | undefined;
  readonly previous: Previous<Secret> | undefined;
}

export interface Rotation<Secret> {
  /** `kept` is the secret it has, and `cut` too, but the one before it leaked and ends now; every other gets a new one. */
  readonly kind: "first" | "kept" | "cut" | "due" | "leaked";
  readonly since: Moment;
  readonly previous: Previous<Secret> | undefined;
}

/**
 * What becomes of one client's secret in an update at `now`. Counted from when each secret was made and not from a calendar:
 * an update that comes late still leaves the whole overlap, and what is accepted besides the new secret is the one that the
 * client's programs have, however many updates or periods were missed. A secret that Keycloak made is due at once, and so is
 * one that is dated later than now. A leak ends all that was made before it, and all whose age is unknown.
 */
export function rotate<Secret>(
  held: Held<Secret> | undefined,
  {
    now,
    leaked,
    rotateEvery,
    overlap,
  }: Omit<ClientSecrets, "leaked"> & {
    readonly now: Moment;
    readonly leaked: Moment | undefined;
  },
): Rotation<Secret> {
  if (held === undefined) return { kind: "first", since: now, previous: undefined };
  const { secret, previous } = held;
  // What a wrong clock wrote would never be due, and would seem to be made after every leak.
  const since = held.since !== undefined && held.since > now + CLOCK_TOLERANCE ? undefined : held.since;
  if (isKnown(since, leaked)) return { kind: "leaked", since: now, previous: undefined };
  if (since === undefined || now - since >= rotateEvery)
    return { kind: "due", since: now, previous: { secret, since, until: (now + overlap) as Moment } };
  if (previous === undefined || !isKnown(previous.since, leaked)) return { kind: "kept", since, previous };
  return { kind: previous.until > now ? "cut" : "kept", since, previous: undefined };
}

/** Whether others have to be thought to know a secret that was made then. */
const isKnown = (since: Moment | undefined, leaked: Moment | undefined): boolean =>
  leaked !== undefined && (since === undefined || since < leaked);

/** `2026-11-28T17:00:00Z` */
export const formatMoment = (moment: Moment): string =>
  new Date(moment * 1_000).toISOString().replace(".000Z", "Z");

/** The second that has begun by then; undefined when it is no such text. */
export function parseMoment(text: string): Moment | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return undefined;
  const milliseconds = Date.parse(text);
  // "2026-02-30" is another day to a Date, and no day to people.
  const moment = Math.floor(milliseconds / 1_000) as Moment;
  return Number.isNaN(milliseconds) || formatMoment(moment) !== text ? undefined : moment;
}

/** Marks the clients that Keycloak's policy is for. */
export const ROTATED = { key: "atalaya.rotation", value: "on" } as const;
/** Keycloak's own names for what it keeps of a client's secrets (ClientSecretConstants). Moments. */
export const ATTRIBUTES = {
  end: "client.secret.expiration.time",
  previous: "client.secret.rotated",
  /** When the previous one became that: when the current one was made. */
  rotatedAt: "client.secret.rotated.creation.time",
  previousEnd: "client.secret.rotated.expiration.time",
} as const;
/** Ours, as Keycloak has none for it: when the previous one was made. Absent where that is unknown. */
export const PREVIOUS_SINCE = "atalaya.rotation.previous.since";
