import type { Upstream } from "../../model/routes";
import { size, type Bytes } from "../../model/units";
import { DENIALS, FILTERS } from "./names";
import { any, extension, type Message } from "./protobuf";

const RBAC = "envoy.extensions.filters.http.rbac.v3.RBAC";
const LENGTH = "content-length";

type Packed = Upstream["packed"];

const present = (name: string): Message => ({ header: { name, present_match: true } });
const butFor = (name: string, match: Message): Message => ({
  permissions: [{ and_rules: { rules: [present(name), { not_rule: { header: { name, ...match } } }] } }],
  principals: [{ any: true }],
});

/** Refuses a length that is not between 0 and `most`, and a packing that is not among these. */
const atMost = (most: Bytes, packed?: Packed): Message => ({
  rules: {
    action: "DENY",
    policies: {
      // The end is outside.
      [DENIALS.bodyTooLarge]: butFor(LENGTH, { range_match: { start: 0, end: most + 1 } }),
      ...(packed !== undefined && {
        [DENIALS.packing]: butFor(packed.header, {
          string_match: { safe_regex: { regex: `(${packed.as.join("|")})?` } },
        }),
      }),
    },
  },
});

/**
 * Refuses by what a request says of its length, and holds nothing: a filter that holds bodies until they are whole lets one
 * sender fill the process's memory. A body that does not say its length flows on as fast as the upstream takes it, whose own
 * limit ends it. Routes set their own.
 */
export const bodyLimitFilter = (): Message => extension(FILTERS.bodyLimit, RBAC, atMost(size("1MiB")));

/** A route's own limit, and what its upstream may be made to unpack. */
export const bodyLimit = (most: Bytes, packed: Packed): Message =>
  any("envoy.extensions.filters.http.rbac.v3.RBACPerRoute", { rbac: atMost(most, packed) });
