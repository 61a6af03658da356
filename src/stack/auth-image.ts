import { buildSync } from "esbuild";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { AuthImage } from "../../components/auth-service";

/** Characters of the digest in the image's tag: as many as Docker shows of its own. */
const TAG_LENGTH = 12;

/**
 * Bundles the auth service into one file beside its Dockerfile: `.cache/auth-image` in the project's root. The same sources
 * give the same bytes. The context is relative to the working directory, so that it is the same on every machine.
 */
export function prepareAuthImage(root: string): AuthImage {
  const context = join(root, ".cache", "auth-image");
  const bundled = bundle(root);
  const dockerfile = join(root, "src", "auth", "Dockerfile");
  mkdirSync(context, { recursive: true });
  const main = join(context, "main.cjs");
  if (contentOf(main) !== bundled) writeFileSync(main, bundled);
  copyFileSync(dockerfile, join(context, "Dockerfile"));
  const digest = createHash("sha256").update(bundled).update(readFileSync(dockerfile)).digest("hex");
  return { context: relative(process.cwd(), context), tag: digest.slice(0, TAG_LENGTH) };
}

function bundle(root: string): string {
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: ["src/auth/main.ts"],
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    legalComments: "none",
    logLevel: "silent",
    write: false,
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error("esbuild has bundled nothing for the auth service.");
  return file.text;
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
