import type { ClientId } from "./names";
import type { SharedService } from "./services";

/** Whose file it is: a shared process or an agent. */
export type FileOwner = { readonly service: SharedService } | { readonly agent: ClientId };

/** One rendered file: plain text without secrets, so that it can be checked, compared and shown. */
export interface RenderedFile {
  readonly owner: FileOwner;
  /** `live` files are reloaded when they change and are the only ones of a shared process that may name tenants. */
  readonly kind: "static" | "live";
  /** In the output directory: `envoy/bootstrap.yaml`. */
  readonly path: string;
  /** Where its process reads it, absolute. */
  readonly target: string;
  readonly content: string;
}
