import { existsSync } from "node:fs";
import { join } from "node:path";
import { run, tempDir } from "../servers";
import { placeKit } from "./kit-host";

const ANALYZE = "/usr/bin/systemd-analyze";
export const hasSystemd = existsSync(ANALYZE);

/**
 * What systemd says of a unit: nothing when all is well. Where a host has no systemd, nothing either: the units' exact text is
 * held as well.
 */
export async function complaints(name: string, unit: string): Promise<string> {
  if (!hasSystemd) return "";
  using temp = tempDir();
  // What it starts is on another host; whether that is there is not asked.
  const content = unit.replace(/^ExecStart=\S+/m, "ExecStart=/bin/true");
  placeKit(temp.path, [{ path: name, content, mode: 0o644 }]);
  const { code, stdout, stderr } = await run(ANALYZE, ["verify", "--man=no", join(temp.path, name)]);
  return code === 0 ? `${stdout}${stderr}` : `${code}: ${stdout}${stderr}`;
}
