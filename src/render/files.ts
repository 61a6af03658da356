import type { FileOwner, RenderedFile } from "../model/files";
import type { SharedService } from "../model/services";
import type { Directories, Place } from "../model/topology";

type Kind = RenderedFile["kind"];

const placed = (
  owner: FileOwner,
  kind: Kind,
  path: string,
  directories: Directories,
  name: string,
  content: string,
) =>
  ({
    owner,
    kind,
    path,
    target: `${kind === "live" ? directories.live : directories.config}/${name}`,
    content,
  }) as const;

/**
 * A shared process's file: `mimir/mimir.yaml`, read at `<config>/mimir.yaml`; live ones are `mimir/live/overrides.yaml`, read
 * at `<live>/overrides.yaml`.
 */
export function serviceFile<S extends SharedService>(
  service: S,
  place: Place<S>,
  kind: Kind,
  name: string,
  content: string,
): RenderedFile {
  const path = kind === "live" ? `${service}/live/${name}` : `${service}/${name}`;
  return placed({ service }, kind, path, place.directories, name, content);
}

/** A file whose place in the output directory does not follow from its service: Alloy's. */
export const placedFile = (
  owner: FileOwner,
  path: string,
  directories: Directories,
  name: string,
  content: string,
): RenderedFile => placed(owner, "static", path, directories, name, content);
