import type { Seconds } from "../../model/units";

/** A protobuf message in its JSON form, as Envoy reads it. */
export type Message = Readonly<Record<string, unknown>>;

/** A message that says its own type, for fields of type Any. */
export const any = (type: string, message: Message = {}): Message => ({
  "@type": `type.googleapis.com/${type}`,
  ...message,
});

/** An extension by name: a filter, a transport socket, an access logger. */
export const extension = (name: string, type: string, message: Message = {}): Message => ({
  name,
  typed_config: any(type, message),
});

/** Protobuf's JSON duration: `300s`. */
export const seconds = (value: Seconds | number): string => `${value}s`;

/** What a matcher of RBAC decides; a denial is known by its name. */
export const rbacAction = (name: string, verdict: "ALLOW" | "DENY"): Message => ({
  action: extension(name, "envoy.config.rbac.v3.Action", { name, action: verdict }),
});

/** Removes a header from requests or responses. */
export const remove = (header: string): Message => ({ remove: header });

type SetAction = "OVERWRITE_IF_EXISTS_OR_ADD" | "OVERWRITE_IF_EXISTS" | "ADD_IF_ABSENT";

/** Sets a header; an empty value leaves it as it is. */
export const set = (
  key: string,
  value: string,
  action: SetAction = "OVERWRITE_IF_EXISTS_OR_ADD",
): Message => ({
  append: { header: { key, value }, append_action: action },
});

/** On or off for all requests: several filters are off at 0 % unless told. */
export const always: Message = { default_value: { numerator: 100, denominator: "HUNDRED" } };
