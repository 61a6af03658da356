import { askingKeycloak } from "../../client/admin-errors";
import { Admin, type Representation } from "../../client/keycloak-admin";
import { setting, type Settings } from "./credentials";
import type { Found } from "./decide";
import type { KeycloakPlace } from "./rules";
import type { Server } from "./servers";

/** For each answer. Milliseconds. */
const TIMEOUT_MS = 15_000;

/** Keycloak, by its admin API. */
export function keycloakServer(settings: Settings): Server<KeycloakPlace> {
  const url = setting(settings, "url");
  const [user, password] = [setting(settings, "username"), setting(settings, "password")];
  const admin = new Admin({ url, user, password, timeoutMs: TIMEOUT_MS });
  const asking = <T>(run: () => Promise<T>): Promise<T> => askingKeycloak(url, run);
  return {
    find: (place) => asking(() => find(admin, place)),
    remove: ({ path, listed }, id) =>
      asking(() =>
        admin.remove(listed === undefined ? path : `${listed.items ?? path}/${encodeURIComponent(id)}`),
      ),
  };
}

async function find(admin: Admin, { path, listed }: KeycloakPlace): Promise<Found | undefined> {
  if (listed === undefined) {
    const one = (await admin.get(path)) as Representation | undefined;
    // Its name is its id, as the provider has it; Keycloak has one more.
    const id = decodeURIComponent(path.split("/").at(-1) ?? "");
    return one === undefined
      ? undefined
      : { id, ours: true, outputs: { internalId: one["internalId"] ?? one["id"] } };
  }
  const { key, value, query = {}, items = path } = listed;
  const search = new URLSearchParams({ ...query, max: "1000" }).toString();
  const found = (await admin.list(`${path}?${search}`)).find((one) => one[key] === value);
  if (found === undefined) return undefined;
  const [id, created] = [String(found["id"]), found["createdTimestamp"]];
  const holds =
    listed.members === true ? await heldBy(admin, `${items}/${encodeURIComponent(id)}`) : undefined;
  return {
    id,
    ours: true,
    // Of a user, who may log in from then on.
    ...(typeof created === "number" && { made: new Date(created), inUse: true }),
    ...(holds !== undefined && { holds }),
  };
}

/** What a group has that an interrupted update did not put into it. */
async function heldBy(admin: Admin, group: string): Promise<string | undefined> {
  if ((await admin.list(`${group}/members?max=1`)).length > 0) return "members";
  return (await admin.list(`${group}/children?max=1`)).length > 0 ? "groups below it" : undefined;
}
