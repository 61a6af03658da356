import { z } from "zod";

/** Of tenants and agents. */
export const stateSchema = (description: string) =>
  z.enum(["active", "suspended"]).optional().describe(description);
