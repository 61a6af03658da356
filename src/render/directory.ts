import { directoryTenant, type TenantDirectory } from "../model/directory";
import type { RenderedFile } from "../model/files";
import { serviceFile } from "./files";
import type { RenderInput } from "./input";
import { toJson } from "./yaml";

/** What the auth service knows of tenants, suspended ones included: it tells them so. */
export function renderDirectory({ tenants, topology }: RenderInput): readonly RenderedFile[] {
  const directory: TenantDirectory = { version: 1, tenants: tenants.map(directoryTenant) };
  return [serviceFile("auth", topology.services.auth, "live", "tenants.json", toJson(directory))];
}
