import type { RenderedFile } from "../model/files";
import { renderAgents } from "./alloy/agent";
import { renderGateway } from "./alloy/gateway";
import { renderDirectory } from "./directory";
import { renderEnvoy } from "./envoy";
import { renderGrafana } from "./grafana";
import type { RenderInput } from "./input";
import { renderLoki } from "./loki";
import { renderMimir } from "./mimir";
import { renderPostgres } from "./postgres";
import { renderRedis } from "./redis";
import { renderTempo } from "./tempo";

const RENDERERS: readonly ((input: RenderInput) => readonly RenderedFile[])[] = [
  renderAgents,
  renderDirectory,
  renderEnvoy,
  renderGateway,
  renderGrafana,
  renderLoki,
  renderMimir,
  renderPostgres,
  renderRedis,
  renderTempo,
];

/** Every file of an environment, sorted by path. Throws when two would be written to the same place. */
export function renderEnvironment(input: RenderInput): readonly RenderedFile[] {
  const files = RENDERERS.flatMap((render) => render(input)).sort((a, b) => (a.path < b.path ? -1 : 1));
  const twice = files.find(({ path }, at) => files[at + 1]?.path === path);
  if (twice !== undefined) throw new Error(`render: two files are called ${twice.path}`);
  return files;
}
