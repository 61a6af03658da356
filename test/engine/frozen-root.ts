import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "../servers";

const ROOT = join(__dirname, "..", "..");

let made: string | undefined;

/**
 * What the auth service's image is built of, as it was when the tests began: somebody who edits it meanwhile would see an image
 * that changes among what a test did.
 */
export const frozenRoot = (): string => (made ??= make());

function make(): string {
  const root = tempDir().path;
  mkdirSync(join(root, "src"));
  for (const room of ["auth", "model"])
    cpSync(join(ROOT, "src", room), join(root, "src", room), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  return root;
}
