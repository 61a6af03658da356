import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { OnboardFile } from "../../src/onboard/model";

export const expectedDirectory = (): string =>
  join(process.env["ATALAYA_ROOT"] ?? join(__dirname, "..", ".."), "test", "onboard", "expected");

/** What a reviewer reads: not the certificate, nor what is handed out as it stands in src/onboard/assets, nor JSON. */
export const shown = (files: readonly OnboardFile[]): readonly OnboardFile[] =>
  files.filter(
    ({ path }) =>
      !["ca.crt", "telemetry.mjs", "atalaya_telemetry.py"].includes(path) && !path.endsWith(".json"),
  );

/** By path. */
export function expectedFiles(name: string): Readonly<Record<string, string>> {
  const directory = join(expectedDirectory(), name);
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    files.map(({ parentPath, name: file }) => {
      const path = join(parentPath, file);
      return [path.slice(directory.length + 1), readFileSync(path, "utf8")];
    }),
  );
}
