import { join } from "node:path";

/** The project's root. From this file, and from `.cache/compiled` when a command was compiled to one file, it is as far. */
export const projectRoot = (): string => process.env["ATALAYA_ROOT"] ?? join(__dirname, "..", "..");
