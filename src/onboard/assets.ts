import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Programs that are handed out as they stand here; all that differs between tenants is in settings beside them. */
export type Asset = "send.sh" | "telemetry.mjs" | "atalaya_telemetry.py";

/** The project's root, also where a command was compiled to one file. */
const root = (): string => process.env["ATALAYA_ROOT"] ?? join(__dirname, "..", "..");

export const asset = (name: Asset): string =>
  readFileSync(join(root(), "src", "onboard", "assets", name), "utf8");
