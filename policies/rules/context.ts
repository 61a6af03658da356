import type { Recording } from "../../src/model/recording";
import { containersOf, type Container } from "./containers";
import { readEdge, type Edge } from "./envoy";
import type { PlacedFile } from "./files";
import { graphOf, type Graph } from "./graph";
import { DEFAULTS, type Settings } from "./settings";
import { directoryOf, tenantsOf, type Directory, type Tenants } from "./tenants";
import { once } from "./values";

/** One recording, read once for all rules. What cannot be read throws at the rule that asks for it. */
export interface Context {
  readonly recording: Recording;
  readonly settings: Settings;
  readonly graph: Graph;
  readonly tenants: Tenants;
  readonly containers: readonly Container[];
  readonly files: readonly PlacedFile[];
  readonly edge: Edge;
  readonly directory: Directory | undefined;
}

export function prepare(recording: Recording, settings: Settings = DEFAULTS): Context {
  const graph = once(() => graphOf(recording));
  const tenants = once(() => tenantsOf(graph()));
  const containers = once(() => containersOf(recording.stack, graph(), tenants()));
  const files = once(() => containers().flatMap((container) => container.files));
  const edge = once(() =>
    readEdge(files().filter(({ container, kind }) => container.service === "envoy" && kind !== "secret")),
  );
  const directory = once(() => directoryOf(files()));
  return {
    recording,
    settings,
    get graph() {
      return graph();
    },
    get tenants() {
      return tenants();
    },
    get containers() {
      return containers();
    },
    get files() {
      return files();
    },
    get edge() {
      return edge();
    },
    get directory() {
      return directory();
    },
  };
}
