import { createHash } from "node:crypto";
import { LOG_CLASS_ATTRIBUTE } from "../model/log-class";
import type { Agent, FileLog } from "../model/tenant";
import { duration } from "../model/units";
import type { AgentSetting } from "./agent-pipeline";
import { setAttribute } from "./gateway-pipeline";
import type { Component } from "./pipeline";

/** How a machine's own metrics are found. */
const HOST_SERVICE = "host";

/** What an agent reads of the machine it runs on. */
export function machine(
  { hostRoot = "", directories }: AgentSetting,
  { id, hostMetrics, fileLogs = [] }: Agent,
): Readonly<Record<string, Component>> {
  return {
    ...(hostMetrics === true && {
      machine: { kind: "hostMetrics", every: duration("1m"), root: hostRoot },
      place: {
        kind: "transform",
        statements: {
          metrics: [
            {
              context: "resource",
              statements: [
                setAttribute("service.name", HOST_SERVICE),
                setAttribute("service.instance.id", id),
              ],
            },
          ],
        },
      },
    }),
    ...Object.fromEntries(
      fileLogs.map((file): readonly [string, Component] => [
        fileId(file),
        {
          kind: "fileLogReceiver",
          path: `${hostRoot}${file.path}`,
          exclude: `${hostRoot}${compressedBeside(file)}`,
          resource: {
            "service.name": file.service,
            "service.instance.id": id,
            [LOG_CLASS_ATTRIBUTE]: file.class,
          },
          positions: `${directories.data}/${fileId(file)}`,
        },
      ]),
    ),
  };
}

/** What logrotate leaves beside a file: `/var/log/app/*.gz` for `/var/log/app/app.log*`. */
const compressedBeside = ({ path }: FileLog): string => path.replace(/[^/]*$/, "*.gz");

/** By its path, so that what was read is known again however the list is ordered. */
export const fileId = ({ path }: FileLog): string =>
  `file_${createHash("sha256").update(path).digest("hex").slice(0, 12)}`;
