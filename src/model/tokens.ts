import { duration, size } from "./units";

/**
 * The edge fetches Keycloak's keys anew after this long: a key is published that much before it is used (src/client's
 * rotate-keys), so it is short, and costs a request a minute for each listener.
 */
export const KEYS_CACHED = duration("1m");
/** Nobody is issued a token that lives longer, and one that says so is refused: by Envoy and by the auth service alike. */
export const LONGEST_TOKEN = duration("10m");
/** Tolerated difference of clocks. */
export const CLOCK_SKEW = duration("1m");
/** A longer token is verified and not kept: both verifiers' caches are bounded by number, and this bounds their memory. */
export const LONGEST_KEPT_TOKEN = size("8KiB");
