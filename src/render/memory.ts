import { size, type Bytes } from "../model/units";

export const MEBIBYTE = size("1MiB");

/** A share of a process's memory, in whole mebibytes. */
export const share = (memory: Bytes, of: number): Bytes =>
  (Math.floor((memory * of) / MEBIBYTE) * MEBIBYTE) as Bytes;
