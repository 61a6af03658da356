import type * as docker from "@pulumi/docker";
import type { ServiceSpec } from "../../src/model/workload";

/** On everything that Docker keeps for us, so that people can filter by it. */
export function labelsOf(
  environment: string,
  more: Readonly<Record<string, string>>,
): docker.types.input.ContainerLabel[] {
  return Object.entries({ environment, ...more })
    .map(([label, value]) => ({ label: `atalaya.${label}`, value }))
    .sort((a, b) => (a.label < b.label ? -1 : 1));
}

export const serviceLabels = ({ name, zones }: ServiceSpec): Readonly<Record<string, string>> => ({
  service: name,
  zone: zones[0] ?? "none",
});

/** Docker's own name of what belongs to a process: ids have no dot, so it cannot be another process's name. */
export const partName = (containerName: string, part: string): string => `${containerName}.${part}`;
