import type { Context, MiddlewareHandler } from "hono";
import { shown } from "../log";
import { type AuditAction, type AuditEvent, outcomeOf } from "./audit";
import type { ApiEnv, TenantApiPorts } from "./context";
import { parseJson } from "./json";
import { may, type Permission } from "./permissions";
import { StoreUnavailable } from "./ports";
import { Problem } from "./problems";

/** Bytes of a body. */
export const LARGEST_BODY = 16 * 1024;
/** Bytes of the value of one entry, as JSON. */
export const LARGEST_VALUE = 64 * 1024;
/** Bytes around a value: its name, the entry's key, spaces. */
const AROUND_VALUE = 4 * 1024;
export const LARGEST_DATA = LARGEST_VALUE + AROUND_VALUE;

/** Characters of what an act was about. */
const LONGEST_TARGET = 256;

export interface Guard {
  readonly permission: Permission;
  readonly action?: AuditAction;
  /** Bytes of the body, where the operation takes one. */
  readonly body?: number;
}

/** What comes before every operation, in this order: room for its trace in the audit, that trace, the right to it, its body. */
export const guarded = (ports: TenantApiPorts, { permission, action, body }: Guard) => [
  ...(action === undefined ? [] : [withRoom(ports, action), audited(ports, action)]),
  permitted(permission),
  ...(body === undefined ? [] : [bodyWithin(body)]),
];

/** What is recorded needs room, and what takes something away makes it. */
const withRoom =
  ({ full }: TenantApiPorts, action: AuditAction): MiddlewareHandler<ApiEnv> =>
  (_c, next) => {
    if (full?.() === true && !action.startsWith("delete_")) throw new Problem("storage_full");
    return next();
  };

function audited(ports: TenantApiPorts, action: AuditAction): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    await next();
    const { tenant, user } = c.var.principal;
    // Of what was denied, what it would have been about, as far as the path says it.
    const target = c.var.target ?? c.req.param("id") ?? c.req.param("key");
    const answer = c.res;
    const { status } = answer;
    // Nothing of it, its headers neither, stands in the answer to an act without a trace.
    c.res = undefined;
    await told(ports, {
      // An update of what was not there has created it.
      action: action === "update_key" && status === 201 ? "create_key" : action,
      tenant: tenant.orgId,
      user,
      outcome: outcomeOf(status),
      requestId: c.var.requestId,
      ...(target !== undefined && { target: shown(target, LONGEST_TARGET) }),
    });
    c.res = answer;
  };
}

const UNRECORDED =
  "No record of this could be kept, so it is not answered as done. It may have been done: look before you try again.";

/** An act without a trace is no success, done or not. Throws the problem that it is answered with. */
export async function told(
  { audit, onFailure, now = () => new Date() }: TenantApiPorts,
  event: Omit<AuditEvent, "time">,
): Promise<void> {
  try {
    await audit({ time: now().toISOString(), ...event });
  } catch (error) {
    // Redis is told of by who speaks to it.
    if (!(error instanceof StoreUnavailable)) onFailure?.(error);
    throw new Problem("store_unavailable", { detail: UNRECORDED });
  }
}

const permitted =
  (permission: Permission): MiddlewareHandler<ApiEnv> =>
  (c, next) => {
    if (!may(c.var.principal, permission)) throw new Problem("right_missing");
    return next();
  };

/** Reads the body once, within the bound, and refuses JSON that could mean something else to another reader. */
export const bodyWithin =
  (maximum: number): MiddlewareHandler<ApiEnv> =>
  async (c, next) => {
    const text = await textWithin(c, maximum);
    // What the validators read from here on.
    const { url, method, headers } = c.req.raw;
    c.req.raw = new Request(url, { method, headers, body: text });
    const type = c.req.header("content-type") ?? "";
    // The validators would take it for JSON as well.
    if (/^application\/[\w.-]+\+json(?:;|$)/i.test(type)) throw new Problem("unsupported_media_type");
    if (text !== "" && /^application\/json(?:;|$)/i.test(type)) checkJson(text);
    await next();
  };

function checkJson(text: string): void {
  try {
    parseJson(text);
  } catch (error) {
    throw new Problem("invalid_json", { detail: (error as Error).message });
  }
}

async function textWithin(c: Context<ApiEnv>, maximum: number): Promise<string> {
  const tooLarge = new Problem("body_too_large", { detail: `The body has more than ${maximum} bytes.` });
  if (Number(c.req.header("content-length") ?? 0) > maximum) throw tooLarge;
  const body: AsyncIterable<Uint8Array> | readonly Uint8Array[] = c.req.raw.body ?? [];
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > maximum) throw tooLarge;
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new Problem("invalid_json", { detail: "The body is not UTF-8." });
  }
}
