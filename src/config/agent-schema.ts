import { z } from "zod";
import { AGENT_DISK } from "../model/sizes";
import { formatSize } from "../model/units";
import { size } from "./fields";
import { stateSchema } from "./state-schema";
import { name, text } from "./text-fields";

/** Nothing that a configuration or a shell would take for more than a name. */
const PATH = /^(?!.*\/\.\.?(?:\/|$))(?:\/[A-Za-z0-9@%+=:,.*_-]+)+$/u;

const fileLogSchema = z
  .strictObject({
    path: text(
      {
        pattern: PATH,
        what: "a path",
        form: "an absolute one without spaces and .., such as /var/log/app/*.log",
      },
      "The file, or a pattern of files (* is anything but /). Let it also match what a rotated file is called, or its last lines may be missed while the agent does not run. It begins with a directory's name, and no file fits two of an agent's patterns. As a systemd unit the agent sees nothing below /home, /root, /tmp and /var/tmp (ProtectHome, PrivateTmp): for files there take the container.",
    ),
    class: name(
      "Decides how long the lines are kept: a class of the tenant's retention.logs. Default application.",
    ).optional(),
    service: name("Whose lines they are: their service.name. Default: the agent's id.").optional(),
  })
  .describe("A file of the machine that the agent runs on, read line by line from its beginning.");

export const agentSchema = z
  .strictObject({
    id: name("The agent's id, unique among all tenants."),
    state: stateSchema(
      "suspended: its credential is refused at the edge. Here it stands still and its queue is kept; one that runs elsewhere goes on, and drops what it holds at the refusal: stop it there first. To remove an agent, suspend it first and update. Default active.",
    ),
    runs: z
      .enum(["here", "elsewhere"])
      .optional()
      .describe(
        "elsewhere: on a machine of the tenant's, which is handed its configuration (npx atalaya onboard) and has to be handed it anew when it changes, as the preview says; the environment has its client alone. Default here.",
      ),
    disk: size(
      `What its queues may take on its disk: how long they last is in the preview. Default ${formatSize(AGENT_DISK)}.`,
    ).optional(),
    hostMetrics: z
      .boolean()
      .optional()
      .describe(
        "Whether it measures the machine it runs on: processor, memory, disks, network. Only where it runs elsewhere.",
      ),
    fileLogs: z
      .array(fileLogSchema)
      .optional()
      .describe("Log files that it reads. Only where it runs elsewhere."),
  })
  .describe("A service account and the Alloy configuration that uses it.");

export const redactionSchema = z
  .strictObject({
    emails: z.boolean().optional().describe("Whether e-mail addresses are masked. Default true."),
    cards: z.boolean().optional().describe("Whether numbers of payment cards are masked. Default true."),
  })
  .describe(
    "Personal data that agents mask before it leaves them. Secrets (tokens, keys, passwords) are always masked.",
  );
