import type { OpenAPIHono } from "@hono/zod-openapi";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AuditEvent, AuditReader } from "./audit";
import type { Credentials, Identity } from "./identify";
import type { Refused } from "../decisions/refusal";
import type { RefusalReader } from "../decisions/store";
import type { ApiKeys, DataStore, Principal } from "./ports";
import type { Tracing } from "../tracing/tracing";
import type { TokenIssuer } from "./token-issuer";

/** What the API works with, all of it from outside. */
export interface TenantApiPorts {
  readonly identify: (credentials: Credentials) => Promise<Identity>;
  readonly keys: ApiKeys;
  readonly data: DataStore;
  readonly tokens: TokenIssuer;
  /** Whether people may exchange their password for a token: in development alone. */
  readonly passwordGrant: boolean;
  /** Told every act, and waited for before the act is answered: no act succeeds whose trace is not kept. */
  readonly audit: (event: AuditEvent) => Promise<void>;
  /** Whether this caller may send one more request now; as limits.ts says, unless given. */
  readonly withinLimit?: (principal: Principal) => boolean;
  /** Whether the store keeps what room it has for those who bring things out of it. */
  readonly full?: () => boolean;
  /** Left out where acts cannot be read again: then there is no such operation. */
  readonly trail?: AuditReader | undefined;
  /** Why requests were refused, here and at the edge. Left out, nothing of that is found. */
  readonly decisions?: RefusalReader | undefined;
  /** Told every 401, 403 and 503 of this API. */
  readonly onRefused?: ((refused: Refused) => void) | undefined;
  /** Told every answer. */
  readonly onAnswered?: (answer: Answered) => void;
  /** Told what failed inside: nobody else learns of it. */
  readonly onFailure?: (error: unknown) => void;
  readonly tracing?: Tracing;
  readonly now?: () => Date;
}

/** An answer, for metrics: nothing of it names anybody. */
export interface Answered {
  /** `operationId` of the description, or "none". */
  readonly operation: string;
  readonly status: number;
  readonly seconds: number;
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
