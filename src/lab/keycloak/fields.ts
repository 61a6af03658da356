/** What is sent for a resource, while it is made. */
export type Body = Record<string, unknown>;

/** How one declared property gets into what is sent; a table for an object within. */
export type Field = ((body: Body, value: unknown, property: string) => void) | FieldTable;
export interface FieldTable {
  readonly [property: string]: Field;
}

/** A table in which every property is one of the provider's own arguments. */
export type FieldsOf<Args> = { readonly [Property in keyof Args]?: Field };

/** Under its own name. */
export const same: Field = (body, value, property) => {
  body[property] = value;
};
/** It is part of the address. */
export const address: Field = () => undefined;

/** Under this name. */
export const named =
  (name: string): Field =>
  (body, value) => {
    body[name] = value;
  };

const within = (body: Body, group: string): Body => (body[group] ??= {}) as Body;
const grouped =
  (group: string) =>
  (name: string): Field =>
  (body, value) => {
    // Keycloak keeps these as texts: also what is yes or no, and lists.
    within(body, group)[name] = Array.isArray(value) ? value.join("##") : String(value);
  };
/** In `attributes`. */
export const attribute = grouped("attributes");
/** A map of them, by their own names. */
export const attributes: Field = (body, value) => {
  Object.assign(within(body, "attributes"), value);
};
/** In `config`. */
export const config = grouped("config");

const UNITS: Readonly<Record<string, number>> = { h: 3_600, m: 60, s: 1 };

/** Go's form (`10h0m0s`) as seconds, as the provider converts them. */
export const seconds: Field = (body, value, property) => {
  const text = String(value);
  if (!/^(\d+[hms])+$/.test(text)) throw new Error(`${property}: "${text}" is not a duration.`);
  body[property] = [...text.matchAll(/(\d+)([hms])/g)].reduce(
    (sum, [, count, unit = ""]) => sum + Number(count) * (UNITS[unit] ?? Number.NaN),
    0,
  );
};

/** `securityDefenses.headers`: every property that the table does not name. */
export function unknownProperties(fields: FieldTable, inputs: object, prefix = ""): readonly string[] {
  return Object.entries(inputs).flatMap(([property, value]: [string, unknown]) => {
    const field = Object.hasOwn(fields, property) ? fields[property] : undefined;
    if (field === undefined) return [`${prefix}${property}`];
    if (typeof field === "function" || typeof value !== "object" || value === null) return [];
    return unknownProperties(field, value, `${prefix}${property}.`);
  });
}

/** Writes every declared property into `body`. */
export function write(fields: FieldTable, inputs: object, body: Body): Body {
  for (const [property, value] of Object.entries(inputs)) {
    const field = fields[property];
    if (typeof field === "function") field(body, value, property);
    else if (field !== undefined) write(field, value as object, body);
  }
  return body;
}
