import type { Signal } from "../../../src/model/names";
import type { Listener, Route } from "../../../src/model/routes";
import type { Header } from "../isolation/wire";
import type { Credential, Named, Verb } from "./table";

/** A tenant with what it has to prove itself by. */
export interface Actor {
  readonly id: string;
  readonly organisation: string;
  readonly credentials: Partial<Readonly<Record<Credential, Header>>>;
}

/** One thing that is tried: `who` with the data of `whose`. */
export interface Try {
  readonly who: Actor;
  readonly whose: Actor;
  readonly route: Route;
  readonly listener: Listener;
  readonly credential: Credential;
  readonly named: Named;
  /** Found again in whatever arrives. */
  readonly mark: string;
}

export type Wanted = Omit<Try, "mark">;

export const signalOf = ({ right, id }: Route): Signal => {
  if (!("signal" in right)) throw new Error(`${id} carries no signal`);
  return right.signal;
};
export const verbOf = ({ right }: Route): Verb =>
  "verb" in right && right.verb === "write" ? "writes" : "reads";

export const run = Math.random().toString(36).slice(2, 6).padEnd(4, "0");
let counter = 0;
export const MARK = /mtx_[a-z0-9]{12}/g;
export const newMark = (): string => `mtx_${run}${(counter++).toString(36).padStart(8, "0")}`;

/** What everybody looks for: one item of each signal of each tenant, that the tenant wrote itself. */
export const itemOf = ({ id }: Actor, signal: Signal): string =>
  `item_${run}_${signal}_of_${id.replaceAll("-", "_")}_end`;
