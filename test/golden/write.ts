import { rmSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { environmentFiles } from "./expected";

/** `npm run golden`: writes the expected environment anew. Never done by a failing test. */
async function main(): Promise<void> {
  const directory = join(process.cwd(), "test", "golden", "dev");
  const files = await environmentFiles("dev");
  rmSync(directory, { recursive: true, force: true });
  for (const [path, content] of files) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
  process.stdout.write(`${files.size} files written to test/golden/dev; read their diff.\n`);
}

void main();
