/** Environment variables as a process has them. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** All that says where a stack's state is, and how its secrets are encrypted. */
export interface Known {
  readonly stack: string;
  readonly variables: Variables;
  /** `backend.url` of Pulumi.yaml. */
  readonly projectBackend?: string | undefined;
  /** Where `pulumi login` was done to last. */
  readonly loggedInTo?: string | undefined;
  /** `secretsprovider` of Pulumi.<stack>.yaml. */
  readonly secretsProvider?: string | undefined;
  /** It has an `encryptionsalt`: it was made with a passphrase. */
  readonly salted: boolean;
  /** Our own directory on this machine, and whether this stack is in its state already. */
  readonly home: { readonly path: string; readonly hasStack: boolean };
}

/** Where a stack's state is. */
export interface Backend {
  /** `ours`: the directory on this machine. `service`: Pulumi Cloud, or one's own. `storage`: a bucket, a database, a directory. */
  readonly kind: "ours" | "service" | "storage";
  readonly url: string;
  /** What says so, for a sentence: `PULUMI_BACKEND_URL`. */
  readonly by: string;
}

/** What encrypts a stack's secrets. */
export type Encryption =
  | { readonly kind: "service" }
  /** A KMS, by its URL. */
  | { readonly kind: "provider"; readonly url: string }
  /** By the user's own variable. */
  | { readonly kind: "passphrase"; readonly by: string }
  /** By the file that we made. */
  | { readonly kind: "file"; readonly path: string };

export type Decision =
  | { readonly kind: "decided"; readonly backend: Backend; readonly encryption: Encryption }
  | { readonly kind: "problem"; readonly message: string };

export const stateUrl = (home: string): string => `file://${home}/state`;
export const passphraseFile = (home: string): string => `${home}/passphrase`;

const PASSPHRASE = "PULUMI_CONFIG_PASSPHRASE";
const PASSPHRASE_FILE = "PULUMI_CONFIG_PASSPHRASE_FILE";
const CLOUD = "https://api.pulumi.com";

/** Continuous integration hands on secrets that it does not have as empty variables. */
const value = (variables: Variables, name: string): string | undefined =>
  (variables[name] ?? "") === "" ? undefined : variables[name];

/** Where the state is and what encrypts it, as Pulumi itself decides it, except that without any word of the user's it is ours. */
export function decide(known: Known): Decision {
  const backend = backendOf(known);
  const encryption = encryptionOf(known, backend);
  return encryption === undefined
    ? { kind: "problem", message: noPassphrase(known, backend) }
    : { kind: "decided", backend, encryption };
}

function backendOf({ variables, projectBackend, loggedInTo, home }: Known): Backend {
  const ours: Backend = { kind: "ours", url: stateUrl(home.path), by: "this machine" };
  const found = (url: string, by: string): Backend =>
    url.replace(/\/+$/, "") === ours.url
      ? ours
      : { kind: /^https?:/.test(url) ? "service" : "storage", url, by };
  const variable = value(variables, "PULUMI_BACKEND_URL");
  if (variable !== undefined) return found(variable, "PULUMI_BACKEND_URL");
  if (projectBackend !== undefined) return found(projectBackend, "Pulumi.yaml");
  const hasToken = value(variables, "PULUMI_ACCESS_TOKEN") !== undefined;
  // Who logs in for another project finds what is here already.
  if (home.hasStack && !hasToken) return ours;
  if (loggedInTo !== undefined) return found(loggedInTo, "pulumi login");
  return hasToken ? found(value(variables, "PULUMI_API") ?? CLOUD, "PULUMI_ACCESS_TOKEN") : ours;
}

function encryptionOf(known: Known, backend: Backend): Encryption | undefined {
  const { variables, secretsProvider = "default", salted, home } = known;
  if (secretsProvider !== "default" && secretsProvider !== "passphrase")
    return { kind: "provider", url: secretsProvider };
  if (backend.kind === "service" && !salted && secretsProvider === "default") return { kind: "service" };
  // An empty passphrase is one to Pulumi, and people use it: elsewhere than in our own state it is theirs to choose.
  const given = backend.kind === "ours" ? value(variables, PASSPHRASE) : variables[PASSPHRASE];
  if (given !== undefined) return { kind: "passphrase", by: PASSPHRASE };
  if (value(variables, PASSPHRASE_FILE) !== undefined) return { kind: "passphrase", by: PASSPHRASE_FILE };
  return backend.kind === "ours" ? { kind: "file", path: passphraseFile(home.path) } : undefined;
}

/** One is never generated there: whoever else uses that state could not open it. */
const noPassphrase = ({ stack }: Known, { url, by }: Backend): string =>
  [
    `The state of stack ${stack} is in ${withoutCredentials(url)} (${by}), and no passphrase for its secrets is set. One of:`,
    `  - PULUMI_CONFIG_PASSPHRASE_FILE=FILE, or PULUMI_CONFIG_PASSPHRASE: the one the stack was made with, or a new stack's own`,
    `  - a KMS in place of a passphrase: secretsprovider: awskms://alias/NAME in Pulumi.${stack}.yaml, before the stack is made`,
    by === "pulumi login"
      ? "  - pulumi logout: the state is kept on this machine, with a passphrase that is made for you"
      : `  - without ${by === "Pulumi.yaml" ? "backend in Pulumi.yaml" : by}: the state is kept on this machine, with a passphrase that is made for you`,
  ].join("\n");

/** `postgres://user:password@host?sslpassword=...` is somebody's way to name it, and its password may hold any character. */
export function withoutCredentials(url: string): string {
  const [, scheme = "", rest = ""] = /^([a-z][a-z\d+.-]*:\/\/)?(.*)$/is.exec(url) ?? [];
  const [place = "", ...query] = rest.split(/[?#]/);
  if (scheme === "file://") return scheme + place;
  // That may be a password with a question mark in it, too.
  if (query.some((part) => part.includes("@"))) return `${scheme}...`;
  return scheme + place.slice(place.lastIndexOf("@") + 1);
}

/** What the CLI is to find in its environment; undefined takes a variable away. Nothing of what the user has set is changed. */
export function variablesFor(
  { backend, encryption }: Extract<Decision, { readonly kind: "decided" }>,
  variables: Variables,
): Variables {
  return {
    ...(backend.kind === "ours" && { PULUMI_BACKEND_URL: backend.url }),
    ...(encryption.kind === "file" && { [PASSPHRASE_FILE]: encryption.path }),
    // It would win over the file.
    ...(encryption.kind === "file" && variables[PASSPHRASE] !== undefined && { [PASSPHRASE]: undefined }),
  };
}

/** Where the state is and what opens it, in a line. */
export function described({ backend, encryption }: Extract<Decision, { readonly kind: "decided" }>): string {
  const where =
    backend.kind === "ours"
      ? `on this machine, ${backend.url.slice("file://".length)}`
      : `${withoutCredentials(backend.url)} (${backend.by})`;
  return `${where}; secrets ${encryptedBy(encryption)}`;
}

function encryptedBy(encryption: Encryption): string {
  switch (encryption.kind) {
    case "service":
      return "by the service";
    case "provider":
      return `by ${encryption.url}`;
    case "passphrase":
      return `by your passphrase (${encryption.by})`;
    case "file":
      return `by the passphrase in ${encryption.path}`;
    default:
      return encryption satisfies never;
  }
}
