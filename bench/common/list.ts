import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LabInput } from "../../src/lab/declare";
import { input } from "../auth/bench";
import { tenantList } from "../tenants";

/** The dev environment with so many tenants, read from a list as everybody's is; whom the edge limits nobody. */
export function inputOf(tenants: number): LabInput {
  const directory = mkdtempSync(join(tmpdir(), "atalaya-bench-"));
  try {
    const file = join(directory, "tenants.yaml");
    writeFileSync(file, tenantList(tenants));
    return input(file);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
