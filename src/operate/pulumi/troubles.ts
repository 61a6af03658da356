import { hostName } from "../../model/names";
import { environmentName } from "../docker/environment";

/** What a known failure means for whoever typed the command. */
export interface Trouble {
  readonly what: string;
  /** `input`: something is to be set or mended first. `failed`: what was asked was begun, or refused. */
  readonly kind: "input" | "failed";
}

export interface Asked {
  readonly stack: string;
  /** The file of the passphrase that we made, where that is in use. */
  readonly passphraseFile?: string;
}

type Known = readonly [pattern: RegExp, kind: Trouble["kind"], what: (asked: Asked, found: string) => string];

const wrongPassphrase = ({ stack, passphraseFile }: Asked): string =>
  passphraseFile === undefined
    ? `The passphrase of stack ${stack} is not the right one: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE.`
    : `Pulumi.${stack}.yaml was encrypted with another passphrase than the one in ${passphraseFile}. Bring that one here, or set PULUMI_CONFIG_PASSPHRASE; or, for a new environment of this machine's own, take encryptionsalt and every "secure:" value out of Pulumi.${stack}.yaml.`;

/** Its probe is a part of it: `atalaya-dev-mimir.ready`. */
function notReady({ stack }: Asked, found: string): string {
  const start = hostName(environmentName(stack), "");
  const service = found
    .match(/atalaya-[a-z0-9-]+/g)
    ?.find((name) => name.startsWith(start))
    ?.slice(start.length);
  const again = `npm run up -- --stack ${stack}`;
  return service === undefined
    ? `A process did not become ready. See which: npx atalaya status --stack ${stack}; why: npx atalaya logs NAME --stack ${stack}; then again: ${again}`
    : `${service} did not become ready. See why: npx atalaya logs ${service} --stack ${stack}; then again: ${again}`;
}

/** What the Pulumi CLI, its providers and Docker say, and what to do about it. The first that matches; exact ones first. */
const TROUBLES: readonly Known[] = [
  [
    /no stack named|could not find stack|stack '[^']*' (?:was )?not found/i,
    "input",
    ({ stack }) =>
      `There is no stack ${stack} where its state should be. Make it: npm run up -- --stack ${stack}`,
  ],
  [
    /currently locked by|conflict: another update is currently in progress/i,
    "failed",
    ({ stack }) =>
      `Another update of stack ${stack} runs, or was killed. Wait for the one that runs; after one that was killed: npx atalaya recover --stack ${stack}`,
  ],
  [
    /pending (?:create|operation)s?|resources? .*interrupted while/i,
    "failed",
    ({ stack }) =>
      `An update of stack ${stack} was interrupted while it made something: npx atalaya recover --stack ${stack}`,
  ],
  [
    /PULUMI_ACCESS_TOKEN must|not logged in|invalid access token|\[401\] Unauthorized: No credentials/i,
    "input",
    () =>
      "The Pulumi CLI is not logged in. Run: pulumi login (or, for state on this machine: pulumi logout, and npm run up)",
  ],
  [/incorrect passphrase/i, "input", wrongPassphrase],
  [
    /unable to read PULUMI_CONFIG_PASSPHRASE_FILE/i,
    "input",
    () =>
      "The file that PULUMI_CONFIG_PASSPHRASE_FILE names cannot be read. Name another one, or take the variable away.",
  ],
  [
    /passphrase must be set/i,
    "input",
    ({ stack }) =>
      `The secrets of stack ${stack} are encrypted: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE.`,
  ],
  [
    /unable to open bucket|could not list bucket|read "\.pulumi\/meta\.yaml"|failed to open state|unable to check if bucket/i,
    "input",
    () =>
      "The state cannot be reached (see above). Mend PULUMI_BACKEND_URL or its credentials; without it and any login the state is kept on this machine.",
  ],
  [/confirmation (?:declined|cancelled)/i, "failed", () => "Nothing was changed: it was not confirmed."],
  [
    /no space left on device|disk quota exceeded/i,
    "failed",
    () =>
      "A disk is full. `docker system df` shows what Docker has; `docker image prune` and `docker builder prune` free what nothing uses. Then again: npm run up",
  ],
  [
    /container name "[^"]+" is already in use|network with name \S+ already exists/i,
    "failed",
    ({ stack }, found) =>
      `${thingOf(found)} is there already, and the state does not know of it. After an update that was killed: npx atalaya recover --stack ${stack}. Else see whose it is, and remove it: ${removalOf(found)}`,
  ],
  [
    // The CLI breaks the line before it.
    /because it is protected|marked for protection/i,
    "failed",
    ({ stack }) =>
      `What would go holds data, and is protected (see above): a tenant's, or a volume. To remove a tenant, suspend it and apply that first. To remove all of ${stack}: npm run destroy -- --stack ${stack} --with-data`,
  ],
  [
    // A process that uses a port of its own says the last words of it, too.
    /failed to bind host port|userland proxy: listen|port is already allocated|ports are not available/i,
    "failed",
    ({ stack }, found) =>
      `${portOf(found)} is in use by something else on this machine. Stop that, or take another one: atalaya:publish in Pulumi.${stack}.yaml`,
  ],
  [
    /container .*is unhealthy|did not become ready|container (?:exited immediately|failed to be in (?:healthy|running) state)/i,
    "failed",
    notReady,
  ],
  [
    /manifest unknown|pull access denied|repository does not exist|manifest for .* not found/i,
    "failed",
    ({ stack }) =>
      `An image was not found (see above). Does the registry in atalaya:imageRegistry of Pulumi.${stack}.yaml have it?`,
  ],
  [
    /(?:\/v2\/|pull|registry).*x509:/i,
    "failed",
    ({ stack }) =>
      `The Docker engine does not trust the certificate of an image's registry (see above). Give the engine its authority, /etc/docker/certs.d/HOST/ca.crt, or name another registry: atalaya:imageRegistry in Pulumi.${stack}.yaml`,
  ],
  [
    /toomanyrequests|TLS handshake timeout|registry-\d.*(?:timeout|refused|no such host)|Get "https:\/\/[^"]*\/v2\/[^"]*"/i,
    "failed",
    ({ stack }) =>
      `An image's registry did not answer (see above). Try again, or name a mirror: atalaya:imageRegistry in Pulumi.${stack}.yaml`,
  ],
  [
    /permission denied.*docker(?: daemon|\.sock| API)|docker\.sock.*permission denied/i,
    "failed",
    () =>
      'You may not use the Docker engine\'s socket. Join its group (who is in it can do all that root can): sudo usermod -aG docker "$USER", then log out and in again.',
  ],
  [
    /cannot connect to the docker daemon|is the docker daemon running|docker\.sock/i,
    "failed",
    () => "The Docker engine does not answer. Start it, and see that `docker info` works.",
  ],
  [
    /mandatory policy|policy (?:pack )?violations?|\[mandatory\]/i,
    "failed",
    () => "A policy refuses this (see above); nothing was changed.",
  ],
  [
    /error initializing keycloak provider|(?:\/realms\/|:8090).*(?:connection refused|EOF|timeout)/i,
    "failed",
    ({ stack }) =>
      `Keycloak does not answer. See why: npx atalaya logs keycloak --stack ${stack}; then again: npm run up -- --stack ${stack}`,
  ],
  [
    /(?:\/api\/(?:orgs|datasources|org)|:3000).*(?:connection refused|EOF|timeout)/i,
    "failed",
    ({ stack }) =>
      `Grafana does not answer. See why: npx atalaya logs grafana --stack ${stack}; then again: npm run up -- --stack ${stack}`,
  ],
  [
    /update (?:was )?cancell?ed|context cancell?ed|BAIL: .*cancell?ed/i,
    "failed",
    ({ stack }) =>
      `It was interrupted. What was done by then is known: the same command goes on from there. Where it says that the stack is locked: npx atalaya recover --stack ${stack}`,
  ],
];

/** What Docker says is there already, and of what kind. */
const conflictOf = (text: string): readonly [kind: "container" | "network", name: string] => {
  const container = /container name "\/?([^"]+)"/i.exec(text)?.[1];
  return container === undefined
    ? ["network", /network with name (\S+)/i.exec(text)?.[1] ?? ""]
    : ["container", container];
};

const thingOf = (text: string): string => `A ${conflictOf(text).join(" ")}`;

const removalOf = (text: string): string => {
  const [kind, name] = conflictOf(text);
  return kind === "container" ? `docker stop ${name}, docker rm ${name}` : `docker network rm ${name}`;
};

const portOf = (text: string): string => {
  const port = /(?:0\.0\.0\.0|127\.0\.0\.1|\[::1?\]):(\d+)/.exec(text)?.[1];
  return port === undefined ? "A port that is to be published" : `Port ${port}`;
};

/** Lines, of all that was said, that no failure is known by. */
const QUIET = /^warning:/i;

/** What is known about a failure by what was said; undefined when it is not known. */
export function troubleOf(said: string, asked: Asked): Trouble | undefined {
  const lines = said.split("\n").filter((line) => !QUIET.test(line));
  for (const [pattern, kind, what] of TROUBLES) {
    const found = lines.find((line) => pattern.test(line));
    if (found !== undefined) return { kind, what: what(asked, found) };
  }
  return undefined;
}

/** The CLI's own first word about what went wrong. */
export const firstError = (said: string): string | undefined => {
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  return (lines.find((line) => line.startsWith("error:")) ?? lines[0])?.replace(/^error:\s*/, "").trim();
};
