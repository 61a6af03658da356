import { parseOutputs } from "../../../src/client/outputs";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../../../src/lab/lab";
import { endpointsOf } from "../../../src/onboard/endpoints";
import type { KitHost } from "../../../src/onboard/kit/host";
import type { OnboardFile } from "../../../src/onboard/model";
import { kitHost, placeKit } from "../../onboard/kit-host";
import { freePort, loopback, tempDir } from "../../servers";

/** A host of tenant mx beside the lab, with ports of its own. */
export async function labHost(lab: Lab, changes: Partial<KitHost> = {}): Promise<KitHost> {
  const { endpoints, keycloakUrl } = parseOutputs(readFileSync(lab.outputsFile, "utf8"));
  return kitHost({
    environment: "the lab",
    endpoints: endpointsOf({ endpoints, keycloakUrl }),
    authority: lab.ca,
    listen: { grpc: `${loopback}:${await freePort()}`, http: `${loopback}:${await freePort()}` },
    ...changes,
  });
}

export function secretOf(lab: Lab, client = "agent-mx"): string {
  const { tenants } = parseOutputs(readFileSync(lab.outputsFile, "utf8"));
  const found = Object.values(tenants).flatMap(({ clients }) => Object.values(clients));
  const secret = found.find(({ clientId }) => clientId === client)?.clientSecret;
  if (secret === undefined) throw new Error(`no secret of ${client}`);
  return secret;
}

/** A kit's directory on disk, its secret in place. */
export class Placed implements Disposable {
  readonly #temp = tempDir();
  readonly directory = this.#temp.path;

  constructor(lab: Lab, files: readonly OnboardFile[], secret = secretOf(lab)) {
    placeKit(this.directory, [...files, { path: "secrets/client-secret", content: secret, mode: 0o600 }]);
  }

  at(path: string): string {
    return join(this.directory, path);
  }

  [Symbol.dispose](): void {
    this.#temp.remove();
  }
}

let marks = 0;
export const newMark = (): string => `kit_${process.pid}_${marks++}_end`;

/** For whom what carries a mark was stored. */
export const storedFor = (lab: Lab, mark: string): readonly (string | undefined)[] =>
  lab.stored({ contains: mark }).map(({ tenant }) => tenant);
