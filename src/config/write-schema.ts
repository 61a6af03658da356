import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { tenantListJsonSchema } from "./json-schema";

// A program of its own: `npm run schema`. A test says when it has to be run.
const file = join(process.env["ATALAYA_ROOT"] ?? process.cwd(), "tenants.schema.json");
writeFileSync(file, tenantListJsonSchema());
process.stdout.write(`schema: wrote ${file}\n`);
