import { spawn } from "node:child_process";
import type { Writable } from "node:stream";

/**
 * What must not outlive this process, however it ends: test runners and impatient people kill it without asking. A shell of
 * its own session hears of every process and folder and waits for the end of its input, which comes with this process's.
 */
const SCRIPT = `
pids=""
while IFS= read -r line; do
  what=\${line#? }
  case "$line" in
    "+ "*) pids="$pids $what" ;;
    "- "*)
      left=""
      for pid in $pids; do [ "$pid" = "$what" ] || left="$left $pid"; done
      pids=$left
      ;;
    "d "*) set -- "$@" "$what" ;;
    "r "*)
      count=$#
      while [ "$count" -gt 0 ]; do
        [ "$1" = "$what" ] || set -- "$@" "$1"
        shift
        count=$((count - 1))
      done
      ;;
  esac
done
for pid in $pids; do kill -KILL "$pid" 2>/dev/null; done
[ "$#" -eq 0 ] || { sleep 0.3; rm -rf -- "$@"; }
`;

let input: Writable | undefined;

/** One for everything that this process starts, from its first on. */
function tell(line: string): void {
  if (input === undefined) {
    const shell = spawn("/bin/sh", ["-c", SCRIPT], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
    shell.unref();
    const { stdin } = shell;
    // A test runner that waits for open handles need not wait for this one.
    (stdin as unknown as { unref(): void }).unref();
    stdin.on("error", () => undefined);
    input = stdin;
  }
  input.write(`${line}\n`);
}

/** A process that is killed with this one, unless it has ended before. */
export const guard = {
  process: (pid: number): void => {
    tell(`+ ${pid}`);
  },
  ended: (pid: number): void => {
    tell(`- ${pid}`);
  },
  directory: (path: string): void => {
    tell(`d ${path}`);
  },
  removed: (path: string): void => {
    tell(`r ${path}`);
  },
};
