// npm run schema: writes tenants.schema.json from the schema that reads tenants.yaml.
import { runTypeScript } from "./typescript.mjs";

await runTypeScript("src/config/write-schema.ts", []);
