/** What a tenant's people may be: the groups `/tenants/<id>/<role>`. */
export const ROLES = ["admin", "editor", "viewer"] as const;
export type Role = (typeof ROLES)[number];

/**
 * A tenant's people are Editors at most inside Grafana: an Admin could add a data source of his own. Who administers a tenant
 * does that elsewhere.
 */
export const GRAFANA_ROLES: Readonly<Record<Role, "Editor" | "Viewer">> = {
  admin: "Editor",
  editor: "Editor",
  viewer: "Viewer",
};
