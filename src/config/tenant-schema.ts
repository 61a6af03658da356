import { z } from "zod";
import { ENVIRONMENT_NAME, SCOPE, TENANT_ID_LENGTH } from "../model/names";
import { agentSchema, redactionSchema } from "./agent-schema";
import { SECRET_KEY, SECRET_REMEDY } from "./contacts";
import { limitsSchema, retentionSchema, samplingSchema } from "./limits-schema";
import { orMissing } from "./schema-problems";
import { stateSchema } from "./state-schema";
import { name, NAME_FORM, slug, TENANT_ID_PATTERN, text } from "./text-fields";

const { minimum, maximum } = TENANT_ID_LENGTH;
const ID_FORM = {
  pattern: TENANT_ID_PATTERN,
  what: "a tenant id",
  form: `${minimum} to ${maximum} ${NAME_FORM}`,
  suggest: slug,
};
const tenantId = (description: string) => text(ID_FORM, description);

const SECRET_ERROR = orMissing("is not the name of a config secret", SECRET_REMEDY);
export const secretKey = (description: string) =>
  z.string({ error: SECRET_ERROR }).regex(SECRET_KEY, { error: SECRET_ERROR }).describe(description);

const EMAIL = /^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/;

/** For editors; the program says it in its own words (contacts.ts). */
const only = (field: string) => ({
  type: "object",
  properties: { [field]: { type: "string" } },
  required: [field],
});

const contactSchema = z
  .strictObject({
    name: text(
      {
        pattern: /^\S(.{0,78}\S)?$/u,
        what: "a contact's name",
        form: "1 to 80 characters without spaces around them",
      },
      "Who it is, unique within the tenant.",
    ),
    email: text(
      { pattern: EMAIL, what: "an e-mail address", form: "one such as ops@example.com" },
      "An e-mail address.",
    ).optional(),
    slack: secretKey(
      "The config secret that holds the Slack webhook's URL. Never the URL itself.",
    ).optional(),
    webhook: secretKey("The config secret that holds the webhook's URL. Never the URL itself.").optional(),
  })
  .meta({ oneOf: ["email", "slack", "webhook"].map(only) })
  .describe("Somebody who is told, by exactly one of email, slack and webhook.");

const SCOPE_FORM = {
  pattern: SCOPE,
  what: "a scope",
  form: 'two names and a colon, such as "orders:read" or "orders:*"',
};

const serviceSchema = z
  .strictObject({
    name: name("The program's name, unique within the tenant."),
    scopes: z
      .array(text(SCOPE_FORM, "A scope: what, a colon, and how (or *)."))
      .describe("What it may do at other services: orders:read, ai-services:*."),
  })
  .describe("A program of the tenant that calls other services with a scoped token.");

export const ENVIRONMENT_FORM = {
  pattern: ENVIRONMENT_NAME,
  what: "an environment's name",
  form: "1 to 12 lower-case letters and digits, a letter first",
};

/** Fields that any text may fill; what they hold is checked in display-names.ts. */
export const tenantSchema = z
  .strictObject({
    id: tenantId(
      "The tenant's id, for good: data, organisations and clients carry it. It cannot be changed, only retired.",
    ),
    name: z.string().describe("What people read: the name of the Grafana organisation."),
    plan: name("One of the plans above. Without it: the default plan.").optional(),
    state: stateSchema(
      "suspended: every credential is refused at the edge, its agents here stand still (stop those that run elsewhere there first, or they drop what they hold), and no data is deleted. To remove a tenant, suspend it first and update. Default active.",
    ),
    environments: z
      .array(text(ENVIRONMENT_FORM, "A Pulumi stack: dev, prod."))
      .optional()
      .describe("The environments this tenant exists in. Without it: all of them."),
    limits: limitsSchema.optional(),
    retention: retentionSchema.optional(),
    sampling: samplingSchema.optional(),
    redaction: redactionSchema.optional(),
    agents: z.array(agentSchema).optional().describe("The tenant's agents. Without it: one, agent-<id>."),
    services: z
      .array(serviceSchema)
      .optional()
      .describe("Programs that call other services with scoped tokens."),
    contacts: z.array(contactSchema).optional().describe("Who is told when something is wrong."),
  })
  .describe("One tenant: an organisation whose telemetry nobody else sees.");

export const planSchema = z
  .strictObject({
    extends: name("The plan this one starts from. Without it: the default plan.").optional(),
    limits: limitsSchema.optional(),
    retention: retentionSchema.optional(),
    sampling: samplingSchema.optional(),
  })
  .describe("Named defaults for tenants.");

export const tenantListSchema = z
  .strictObject({
    plans: z
      .record(name("A plan's name."), planSchema)
      .optional()
      .describe('Named defaults. A plan called "default" changes the defaults of everybody.'),
    tenants: z.array(tenantSchema).describe("All tenants of all environments."),
    retired: z
      .array(tenantId("The id of a tenant that was removed."))
      .optional()
      .describe(
        "Ids of removed tenants whose data is not purged yet. A new tenant with such an id would inherit the data.",
      ),
  })
  .describe("Atalaya's tenant list.");

export type ParsedTenant = z.output<typeof tenantSchema>;
