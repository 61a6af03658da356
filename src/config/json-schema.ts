import { z } from "zod";
import { tenantListSchema } from "./tenant-schema";

/**
 * `tenants.schema.json`: what editors complete and explain. Draft 7, because that is what yaml-language-server supports best.
 * It describes the file as it is written ("30d"), and is a help: the checks are the program's.
 */
export function tenantListJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(tenantListSchema, { target: "draft-7", io: "input" });
  const document = {
    $schema,
    $comment: "Written by npm run schema from src/config/tenant-schema.ts.",
    ...schema,
  };
  // Short lists in one line, as the formatter wants them.
  const text = JSON.stringify(document, null, 2).replaceAll(
    /^( *"\w+": )\[\s+([^[\]{}]*?)\s+\](,?)$/gmu,
    oneLine,
  );
  return `${text}\n`;
}

const WIDTH = 110;

function oneLine(lines: string, key: string, items: string, comma: string): string {
  const line = `${key}[${items.replaceAll(/\s*\n\s*/gu, " ")}]${comma}`;
  return line.length > WIDTH ? lines : line;
}
