// node scripts/typescript.mjs test/onboard/write.ts: writes the files that test/onboard expects of every shipper anew.
import { rmSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { directoryOf, SHIPPERS } from "../../src/onboard/shippers";
import { expectedDirectory, shown } from "./expected";
import { NAMES, onboardingOf } from "./example";

const root = expectedDirectory();
rmSync(root, { recursive: true, force: true });
for (const name of NAMES) {
  for (const { path, content } of shown(directoryOf(name, onboardingOf(SHIPPERS[name])))) {
    const file = join(root, name, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}
