import { lstatSync, readdirSync, type Stats } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

/** A lab's directory, as src/lab/start.ts makes it. */
const PREFIX = "atalaya-lab-";
export const LAB_OUTPUTS = "outputs.json";
const CONNECT_MS = 1_000;

/** Whether a file is a lab's outputs: they have no Grafana. */
export const isLabFile = (file: string): boolean =>
  basename(file) === LAB_OUTPUTS && basename(dirname(file)).startsWith(PREFIX);

interface Found {
  readonly file: string;
  readonly changed: number;
}

/** Files that are this user's own and nobody else's to read, in a directory below `directory` that is theirs as well. */
function candidates(directory: string): readonly Found[] {
  const mine = process.getuid?.();
  return readdirSync(directory)
    .filter((name) => name.startsWith(PREFIX))
    .flatMap((name) => {
      const file = join(directory, name, LAB_OUTPUTS);
      const [folder, found] = [statOf(join(directory, name)), statOf(file)];
      if (folder?.isDirectory() !== true || found?.isFile() !== true) return [];
      const theirs = [folder, found].some(({ uid }) => mine !== undefined && uid !== mine);
      return theirs || (found.mode & 0o077) !== 0 ? [] : [{ file, changed: found.mtimeMs }];
    });
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/**
 * The outputs of the labs of this user that run on this machine. Of several with the same ports only the newest does: the
 * others were kept, or killed.
 */
export async function runningLabs(
  portsOf: (file: string) => readonly number[],
  directory = tmpdir(),
): Promise<readonly string[]> {
  const newest = new Map<string, string>();
  const found = [...candidates(directory)].sort((a, b) => a.changed - b.changed);
  for (const { file } of found) {
    const ports = portsOf(file);
    if (ports.length > 0) newest.set(ports.join(), file);
  }
  const all = await Promise.all(
    [...newest].map(async ([ports, file]) => {
      const answers = await Promise.all(ports.split(",").map((port) => isOpen(Number(port))));
      return answers.includes(true) ? [file] : [];
    }),
  );
  return all.flat().sort();
}

const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: "localhost", port, timeout: CONNECT_MS });
    const end = (open: boolean) => () => {
      socket.destroy();
      resolve(open);
    };
    socket.once("connect", end(true)).once("error", end(false)).once("timeout", end(false));
  });
