import type { OpenAPIHono } from "@hono/zod-openapi";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AuditEvent } from "./audit";
import type { Credentials, Identity } from "./identify";
import type { ApiKeys, DataStore, Principal } from "./ports";
import type { TokenIssuer } from "./token-issuer";

/** What the API works with, all of it from outside. */
export interface TenantApiPorts {
  readonly identify: (credentials: Credentials) => Promise<Identity>;
  readonly keys: ApiKeys;
  readonly data: DataStore;
  readonly tokens: TokenIssuer;
  /** Whether people may exchange their password for a token: in development alone. */
  readonly passwordGrant: boolean;
  /** Told every act, and waited for before the act is answered. */
  readonly audit: (event: AuditEvent) => Promise<void>;
  /** Told what failed inside: nobody else learns of it. */
  readonly onFailure?: (error: unknown) => void;
  readonly now?: () => Date;
}

export interface ApiEnv {
  Bindings: { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse };
  Variables: {
    requestId: string;
    principal: Principal;
    /** Of the act, once it is known to be well formed. */
    target: string | undefined;
  };
}

export type Api = OpenAPIHono<ApiEnv>;
