import { z } from "zod";
import { LONGEST_FIELD, LONGEST_PATH } from "../audit";
import type { AuthorizationRequest, CredentialKind, Judgement } from "../decision";
import { DENIALS } from "../decision";
import { shown } from "../log";
import type { RefusalCode } from "./reasons";

/** One request that was refused, as it is kept and shown. `path`, `request_id` and `requested_tenant` are the client's own words. */
export const refusalShape = {
  /** ISO 8601. */
  time: z.string(),
  request_id: z.string(),
  method: z.string(),
  path: z.string(),
  /** Ids of routes at the edge, or the operation of the tenant API. */
  routes: z.array(z.string()),
  credential: z.string(),
  /** Verified, both. */
  user: z.string().optional(),
  tenant: z.string().optional(),
  requested_tenant: z.string().optional(),
  outcome: z.enum(["deny", "undecided"]),
  code: z.string(),
};
const stored = z.object(refusalShape);
export type Refusal = Readonly<z.infer<typeof stored>>;
/** One whose request had no id, or none that is taken: nobody could ask for it. */
export type Refused = Omit<Refusal, "request_id"> & { readonly request_id: string | undefined };

/** Throws on what is no record. */
export const parseRefusal = (text: string): Refusal => stored.parse(JSON.parse(text));

/** Envoy's are UUIDs; a client's own have nothing in them that a key, a path or a log line is made of. */
export const REQUEST_ID = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$/;

/** What somebody put there by mistake, a key or a token, is no id. */
export const isRequestId = (id: string | undefined): id is string =>
  id !== undefined && REQUEST_ID.test(id) && shown(id, LONGEST_FIELD) === id;

export interface Known {
  readonly time: Date;
  readonly requestId: string | undefined;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly routes: readonly string[];
  readonly credential: CredentialKind;
  readonly user?: string | undefined;
  readonly tenant?: string | undefined;
  readonly requestedTenant?: string | undefined;
  readonly code: RefusalCode;
}

export function refusal({ time, requestId, user, tenant, requestedTenant, code, ...known }: Known): Refused {
  return {
    time: time.toISOString(),
    request_id: isRequestId(requestId) ? requestId : undefined,
    method: shown(known.method, LONGEST_FIELD),
    path: bounded(known.path, LONGEST_PATH),
    routes: [...known.routes],
    credential: known.credential,
    ...(user !== undefined && { user }),
    ...(tenant !== undefined && { tenant }),
    ...(requestedTenant !== undefined && { requested_tenant: bounded(requestedTenant, LONGEST_FIELD) }),
    outcome: code in DENIALS || code === "invalid_client" ? "deny" : "undecided",
    code,
  };
}

/** As shown elsewhere, and without what JSON writes as two characters: the bound is one of bytes. */
const bounded = (text: string, longest: number): string => shown(text, longest).replaceAll(/["\\]/g, "?");

/** Undefined where the request was allowed. */
export function refusalOf(
  { method, path, requestedTenant }: AuthorizationRequest,
  requestId: string | undefined,
  { decision, routes, credential, user, tenant }: Judgement,
  time = new Date(),
): Refused | undefined {
  if (decision.kind === "allow") return undefined;
  const { code } = decision;
  const said = { time, requestId, method, path, requestedTenant, credential, user, tenant, code };
  return refusal({ ...said, routes: routes.map(({ id }) => id) });
}
