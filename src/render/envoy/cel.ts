import type { Message } from "./protobuf";

/** A CEL expression as Envoy's matchers take it: parsed. (They do not parse text, as substitutions do.) */
export type Expression = Message;

export const name = (ident: string): Expression => ({ ident_expr: { name: ident } });
export const number = (value: number): Expression => ({ const_expr: { double_value: value } });
export const field = (operand: Expression, key: string): Expression => ({
  select_expr: { operand, field: key },
});
export const entry = (map: Expression, key: string): Expression =>
  call("_[_]", map, { const_expr: { string_value: key } });
export const call = (name_: string, ...args: readonly Expression[]): Expression => ({
  call_expr: { function: name_, args },
});
