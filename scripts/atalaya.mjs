#!/usr/bin/env node
// `npm run preview` and `npx atalaya <command>`: the command line of src/cli, prepared from a fresh clone on.
import { runTypeScript } from "./typescript.mjs";

await runTypeScript("src/cli/main.ts", process.argv.slice(2));
