import { size, type Bytes } from "../../model/units";
import { DENIALS, FILTERS } from "./names";
import { any, extension, type Message } from "./protobuf";

const RBAC = "envoy.extensions.filters.http.rbac.v3.RBAC";
const LENGTH = "content-length";

/** Refuses a length that is not between 0 and `most`. */
const atMost = (most: Bytes): Message => ({
  rules: {
    action: "DENY",
    policies: {
      [DENIALS.bodyTooLarge]: {
        permissions: [
          {
            and_rules: {
              rules: [
                { header: { name: LENGTH, present_match: true } },
                // The end is outside.
                { not_rule: { header: { name: LENGTH, range_match: { start: 0, end: most + 1 } } } },
              ],
            },
          },
        ],
        principals: [{ any: true }],
      },
    },
  },
});

/**
 * Refuses by what a request says of its length, and holds nothing: a filter that holds bodies until they are whole lets one
 * sender fill the process's memory. A body that does not say its length flows on as fast as the upstream takes it, whose own
 * limit ends it. Routes set their own.
 */
export const bodyLimitFilter = (): Message => extension(FILTERS.bodyLimit, RBAC, atMost(size("1MiB")));

/** A route's own limit. */
export const bodyLimit = (most: Bytes): Message =>
  any("envoy.extensions.filters.http.rbac.v3.RBACPerRoute", { rbac: atMost(most) });
