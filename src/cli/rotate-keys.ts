import { askingKeycloak } from "../client/admin-errors";
import { plannedRetirement, plannedRotation, ringOf, stateOf } from "../client/key-ring";
import { KeyProbe } from "../client/key-probe";
import { Admin } from "../client/keycloak-admin";
import { ClientError } from "../client/error";
import { KeyRotation } from "../client/rotate-keys";
import type { SigningKey } from "../client/signing-keys";
import { toJson } from "../render/yaml";
import { countdown } from "./countdown";
import { EXIT } from "./errors";
import { step } from "./progress";
import { stackOutputs, type TargetOptions } from "./target";
import { aligned } from "./terminal";

export interface RotateKeysOptions extends TargetOptions {
  /** Only the second half: remove the keys that no living token was signed with. */
  readonly retire: boolean;
  /** Wait as long as tokens live, and then do the second half. */
  readonly waitAll: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** For each answer of Keycloak's. Milliseconds. */
const TIMEOUT_MS = 15_000;
/** 128 and the signal's number, as shells have it. */
const STOPPED = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const continues = (retiring: boolean): string =>
  `What was done stands, and every token stays good. npx atalaya rotate-keys${retiring ? " --retire" : ""} goes on from here.`;

/** Exchanges the realm's signing keys while everything runs, and returns the exit code. Throws ClientError. */
export async function rotateKeys(options: RotateKeysOptions): Promise<number> {
  const { keycloakUrl, administrators, endpoints, caCertificate } = await stackOutputs(options);
  const progress = countdown(process.stderr);
  const done: string[] = [];
  const stage = { retiring: options.retire };
  const rotation = new KeyRotation({
    admin: new Admin({ url: keycloakUrl, ...administrators.keycloak, timeoutMs: TIMEOUT_MS }),
    probe: new KeyProbe({ urls: endpoints, ca: caCertificate }, keycloakUrl),
    say: (line) => {
      done.push(line);
      progress.line(line);
    },
    waiting: progress.waiting,
  });
  const tellsHowToGoOn = onStop((code) => {
    progress.end();
    if (done.length > 0) process.stderr.write(`Stopped. ${continues(stage.retiring)}\n`);
    process.exit(code);
  });
  return askingKeycloak(keycloakUrl, async () => {
    await step(`Asking ${new URL(keycloakUrl).origin} for its keys`, () => rotation.list());
    const steps = options.dryRun ? await planned(rotation, options) : done;
    if (!options.dryRun) await run(rotation, options, stage);
    progress.end();
    if (options.retire && steps.length === 0) process.stderr.write("There is no old key to remove.\n");
    const keys = await shown(rotation);
    process.stdout.write(
      options.json
        ? toJson({ ...(options.dryRun ? { wouldDo: steps } : { done: steps }), keys })
        : text(options.dryRun ? steps : [], keys),
    );
    return EXIT.good;
  })
    .catch((error: unknown) => {
      progress.end();
      const left =
        error instanceof ClientError && done.length > 0 && !/ again| under way/.test(error.message);
      throw left
        ? new ClientError(`${error.message}\n${continues(stage.retiring)}`, { cause: error })
        : error;
    })
    .finally(tellsHowToGoOn[Symbol.dispose]);
}

/** Until it is disposed of, what to do when somebody ends this, by Ctrl-C or otherwise. */
function onStop(stop: (code: number) => void): Disposable {
  const handlers = Object.entries(STOPPED).map(([signal, code]) => {
    const handler = (): void => {
      stop(code);
    };
    process.once(signal, handler);
    return [signal, handler] as const;
  });
  return {
    [Symbol.dispose]: () => {
      for (const [signal, handler] of handlers) process.off(signal, handler);
    },
  };
}

async function run(
  rotation: KeyRotation,
  { retire, waitAll }: RotateKeysOptions,
  stage: { retiring: boolean },
): Promise<void> {
  if (!retire) await rotation.rotate();
  stage.retiring = true;
  if (retire || waitAll) await rotation.retire(waitAll);
}

async function planned(
  rotation: KeyRotation,
  { retire, waitAll }: RotateKeysOptions,
): Promise<readonly string[]> {
  const ring = ringOf(await rotation.list());
  if (retire) return plannedRetirement(ring);
  return [...plannedRotation(ring), ...(waitAll ? plannedRetirement(ring, true) : [])];
}

interface ShownKey {
  readonly kid: string;
  readonly state: string;
  readonly created: string;
  readonly age: string;
}

async function shown(rotation: KeyRotation): Promise<readonly ShownKey[]> {
  const keys = await rotation.list();
  const ring = ringOf(keys);
  return keys.map((key) => ({
    kid: key.kid,
    state: stateOf(key, ring),
    created: new Date(key.created).toISOString(),
    age: age(key),
  }));
}

/** In its two largest units: `3d 4h`. */
function age({ created }: SigningKey): string {
  let rest = Math.max(0, Math.floor((Date.now() - created) / 1_000));
  const parts = (["d", "h", "m", "s"] as const).map((unit, index) => {
    const size = [86_400, 3_600, 60, 1][index] ?? 1;
    const count = Math.floor(rest / size);
    rest -= count * size;
    return { unit, count };
  });
  const first = parts.findIndex(({ count }) => count > 0);
  const shownParts = first < 0 ? parts.slice(-1) : parts.slice(first, first + 2);
  return shownParts.map(({ unit, count }) => `${count}${unit}`).join(" ");
}

function text(steps: readonly string[], keys: readonly ShownKey[]): string {
  const rows = [["kid", "state", "age"], ...keys.map(({ kid, state, age }) => [kid, state, age])];
  const table = aligned(rows.map((row) => row.map((cell) => ({ text: cell }))));
  const would = steps.length === 0 ? [] : ["It would:", ...steps.map((step) => `  ${step}`), ""];
  return [...would, table, ""].join("\n");
}
