import { askingKeycloak } from "../client/admin-errors";
import { plannedRetirement, plannedRotation, ringOf, stateOf } from "../client/key-ring";
import { KeyProbe } from "../client/key-probe";
import { Admin } from "../client/keycloak-admin";
import { KeyRotation } from "../client/rotate-keys";
import type { SigningKey } from "../client/signing-keys";
import { toJson } from "../render/yaml";
import { countdown } from "./countdown";
import { EXIT } from "./errors";
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

/** Exchanges the realm's signing keys while everything runs, and returns the exit code. Throws ClientError. */
export async function rotateKeys(options: RotateKeysOptions): Promise<number> {
  const { keycloakUrl, administrators, endpoints, caCertificate } = await stackOutputs(options);
  const progress = countdown(process.stderr);
  const done: string[] = [];
  const rotation = new KeyRotation({
    admin: new Admin({ url: keycloakUrl, ...administrators.keycloak }),
    probe: new KeyProbe({ urls: endpoints, ca: caCertificate }, keycloakUrl),
    say: (line) => {
      done.push(line);
      progress.line(line);
    },
    waiting: progress.waiting,
  });
  return askingKeycloak(keycloakUrl, async () => {
    const steps = options.dryRun ? await planned(rotation, options) : await run(rotation, options, done);
    progress.end();
    const keys = await shown(rotation);
    process.stdout.write(
      options.json
        ? toJson({ ...(options.dryRun ? { wouldDo: steps } : { done: steps }), keys })
        : text(options.dryRun ? steps : [], keys),
    );
    return EXIT.good;
  }).finally(progress.end);
}

async function run(
  rotation: KeyRotation,
  { retire, waitAll }: RotateKeysOptions,
  done: readonly string[],
): Promise<readonly string[]> {
  if (!retire) await rotation.rotate();
  if (retire || waitAll) await rotation.retire(waitAll);
  return done;
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
