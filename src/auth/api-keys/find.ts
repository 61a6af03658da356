import type { KeyRight } from "../../model/directory";
import type { OrgId } from "../../model/names";
import type { KeyRing } from "../keys";
import type { KeyLookup } from "./lookup";

/** Whose key a text is. */
export type FoundKey =
  | {
      readonly kind: "key";
      readonly id: string;
      readonly orgId: OrgId;
      readonly rights: readonly KeyRight[];
    }
  | { readonly kind: "invalid" }
  /** Nobody can say now. */
  | { readonly kind: "unknown" };

/**
 * Looks among the declared keys first, which are in memory, and then among those that people made themselves.
 * @param lookup left out where there is no Redis: then there are no others
 */
export async function findKey(
  secret: string,
  ring: KeyRing | undefined,
  lookup?: Pick<KeyLookup, "find">,
): Promise<FoundKey> {
  if (ring === undefined) return { kind: "unknown" };
  const declared = ring.find(secret);
  if (declared !== undefined) return usable(declared);
  const found = await lookup?.find(secret);
  if (found?.kind === "key") return usable(found.key);
  return { kind: found?.kind !== "unknown" && ring.settled() ? "invalid" : "unknown" };
}

const usable = ({ id, orgId, rights }: Omit<FoundKey & { kind: "key" }, "kind">): FoundKey => ({
  kind: "key",
  id,
  orgId,
  rights,
});
