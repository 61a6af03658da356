import { EXIT } from "./errors";
import { type LoadOptions, loadStack, typedPath } from "./load";
import { writeDirectory } from "./output";

export interface RenderOptions extends LoadOptions {
  readonly out: string;
}

/** Writes the environment's files, exactly as their processes get them, and returns the exit code. */
export function render(options: RenderOptions): number {
  const { files } = loadStack(options);
  writeDirectory(typedPath(options.out), files);
  process.stdout.write(`${files.length} files written to ${options.out}\n`);
  return EXIT.good;
}
