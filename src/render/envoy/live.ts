import { bindings } from "../../model/binding";
import { BINDING_HEADER } from "../../model/headers";
import type { Tenant } from "../../model/tenant";
import { DENIALS, FILTERS } from "./names";
import { any, extension, rbacAction, type Message } from "./protobuf";

/** A file that delivers one filter's configuration. */
export const delivered = (name: string, config: Message): Message => ({
  resources: [any("envoy.config.core.v3.TypedExtensionConfig", { name, typed_config: config })],
});

/** Matches nobody: no client id holds a space. Without tenants the map would be empty, which Envoy refuses to load. */
const NOBODY = "no client|no tenant";

/** Which client may write for which tenant: an exact look-up, whose cost does not grow with the list. */
export const bindingList = (tenants: readonly Tenant[]): Message =>
  delivered(
    FILTERS.bindings,
    any("envoy.extensions.filters.http.rbac.v3.RBAC", {
      matcher: {
        matcher_tree: {
          input: extension("binding", "envoy.type.matcher.v3.HttpRequestHeaderMatchInput", {
            header_name: BINDING_HEADER,
          }),
          exact_match_map: {
            map: {
              [NOBODY]: rbacAction(DENIALS.notBound, "DENY"),
              ...Object.fromEntries(
                checked(bindings(tenants)).map((binding) => [binding, rbacAction("bound", "ALLOW")] as const),
              ),
            },
          },
        },
        on_no_match: rbacAction(DENIALS.notBound, "DENY"),
      },
    }),
  );

/** `x` + `y|z` would be the same text as `x|y` + `z`. The tenant list cannot hold either; this list must not depend on it. */
function checked(found: readonly string[]): readonly string[] {
  const bad = found.find((binding) => !/^[a-z0-9-]+\|[a-z0-9-]+$/.test(binding));
  if (bad !== undefined) throw new Error(`envoy: "${bad}" is not a client and an organisation id`);
  return found;
}
