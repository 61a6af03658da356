import { buildSync } from "esbuild";
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import type { AuthImage } from "../../components/auth-service";

/** Characters of the digest in the image's tag: as many as Docker shows of its own. */
const TAG_LENGTH = 12;

/** Where the image is built, from the project's root. */
const CONTEXT = ".cache/auth-image";

/**
 * The image as a plan shows it: the same from every directory, on every machine and in a read-only checkout, because nothing
 * is written. Nobody can build it yet, see {@link buildableAuthImage}.
 */
export const plannedAuthImage = (root: string): AuthImage => ({
  context: CONTEXT,
  tag: tagOf(filesOf(root)),
});

/**
 * The image as an engine needs it, already in preview: the Docker provider hashes the context. The path is relative to the
 * working directory, which the provider shares with the program (Pulumi runs both where `main` lies, not in the root), so
 * that it is the same on every machine.
 */
export function buildableAuthImage(root: string): AuthImage {
  const { context, tag } = prepareAuthImage(root);
  return { context: context.startsWith(root + sep) ? relative(process.cwd(), context) : context, tag };
}

/**
 * Bundles the auth service into one file beside its Dockerfile and returns the whole path of their directory:
 * `.cache/auth-image` in the project's root or, where that cannot be written, one for temporary files that is named by its
 * content. The same sources give the same bytes, and what is there already is not written again.
 */
export function prepareAuthImage(root: string): AuthImage {
  const files = filesOf(root);
  const tag = tagOf(files);
  const context = join(root, CONTEXT);
  try {
    place(files, context);
    return { context, tag };
  } catch {
    const temporary = join(tmpdir(), `atalaya-auth-image-${process.getuid?.() ?? "user"}-${tag}`);
    place(files, temporary, "own");
    return { context: temporary, tag };
  }
}

interface Files {
  readonly "main.cjs": string;
  readonly Dockerfile: string;
}

const filesOf = (root: string): Files => ({
  "main.cjs": bundle(root),
  Dockerfile: readFileSync(join(root, "src", "auth", "Dockerfile"), "utf8"),
});

const tagOf = (files: Files): string =>
  createHash("sha256").update(files["main.cjs"]).update(files.Dockerfile).digest("hex").slice(0, TAG_LENGTH);

/** @param whose `own`: refuse a directory that another user could change between this and the build */
function place(files: Files, directory: string, whose?: "own"): void {
  mkdirSync(directory, { recursive: true, mode: whose === "own" ? 0o700 : 0o777 });
  if (whose === "own") checkOwner(directory);
  for (const [name, content] of Object.entries(files) as [string, string][]) {
    const file = join(directory, name);
    if (contentOf(file) !== content) writeFileSync(file, content);
  }
}

function checkOwner(directory: string): void {
  const { uid, mode } = lstatSync(directory);
  // On Windows that directory is the user's own.
  if (process.getuid === undefined) return;
  if (uid !== process.getuid() || (mode & 0o022) !== 0)
    throw new Error(`Others may write to ${directory}, where the auth service's image is built. Remove it.`);
}

function bundle(root: string): string {
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: ["src/auth/main.ts"],
    // The Redis client's own debugging asks for packages that may not be there, and would print what passes through it.
    alias: {
      debug: "./src/auth/redis/no-debug.ts",
      pg: "./src/auth/redis/no-driver.ts",
      "@valkey/valkey-glide": "./src/auth/redis/no-driver.ts",
    },
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
