import type { Signal } from "../model/names";
import { SIGNALS, type Shipper, type ShipperName } from "../onboard/model";
import { isUnitDirectory } from "../onboard/kit/places";
import { SHIPPERS } from "../onboard/shippers";
import { UsageError } from "./errors";
import { typedPath } from "./load";
import { pick } from "./pick";
import type { TargetOptions } from "./target";

export interface OnboardOptions extends TargetOptions {
  readonly shipper: string;
  /** One of the tenant's agents. */
  readonly client?: string;
  /** `logs,metrics`; all that the shipper can send, unless given. */
  readonly signals?: string;
  readonly out?: string;
  /** Where the files will lie on the machine that sends; where they are written, unless given. */
  readonly at?: string;
  readonly logFiles: string;
  readonly withSecret: boolean;
  /** An agent's directory also where no other host reaches the environment. */
  readonly force?: boolean;
  readonly json: boolean;
}

/** What was asked for, without a look at any environment. */
export interface Asked {
  readonly name: ShipperName;
  readonly shipper: Shipper;
  readonly signals: readonly Signal[];
  readonly directory: string;
  readonly logFiles: string;
}

/** Throws UsageError at what no environment could give. */
export function askedOf(options: OnboardOptions): Asked {
  const name = shipperName(options.shipper);
  const shipper = SHIPPERS[name];
  const signals = signalsOf(name, shipper, options.signals);
  checkSecret(name, shipper, options);
  const { logFiles } = options;
  if (!LOG_FILES.test(logFiles))
    throw new UsageError(`--log-files: ${logFiles} is not an absolute path, with * and ? at most.`);
  return { name, shipper, signals, directory: placeOf(shipper, options), logFiles };
}

/** Where the files are taken to lie when they are only printed. */
const USUAL_PLACE = "/etc/atalaya";

const shipperName = (asked: string): ShipperName => {
  pick("shipper", "npx atalaya onboard", asked, SHIPPERS);
  return asked as ShipperName;
};

/** Those that were asked for, each once, in our order. Throws UsageError at one that the shipper cannot send. */
function signalsOf(
  name: ShipperName,
  { title, signals, isAgent }: Shipper,
  asked: string | undefined,
): readonly Signal[] {
  if (asked === undefined) return signals;
  if (isAgent === true)
    throw new UsageError(`--shipper ${name}: it takes every signal from its programs. Leave out --signals.`);
  const known = Object.fromEntries(SIGNALS.map((signal) => [signal, signal]));
  const wanted = asked.split(",").map((each) => pick("signal", "Atalaya", each.trim(), known));
  const cannot = wanted.filter((signal) => !signals.includes(signal));
  if (cannot.length === 0) return SIGNALS.filter((signal) => wanted.includes(signal));
  const others = (Object.keys(SHIPPERS) as ShipperName[]).filter((other) =>
    cannot.every((signal) => SHIPPERS[other].signals.includes(signal)),
  );
  throw new UsageError(
    `--shipper ${name}: ${title} sends ${signals.join(" and ")} alone, not ${cannot.join(" and ")}. For those: --shipper ${others.join(" | ")}`,
  );
}

/** Before anything is asked of the environment. */
function checkSecret(
  name: ShipperName,
  { credential }: Shipper,
  { withSecret, out, json }: OnboardOptions,
): void {
  if (!withSecret) return;
  if (out === undefined || json)
    throw new UsageError("--with-secret: a secret is written to a file, never printed. Say where: --out DIR");
  if (credential === "apiKey")
    throw new UsageError(
      `--with-secret: ${name} sends with an API key, which only a person of the tenant can make. Leave it out: the README that is written says how.`,
    );
}

/** Nothing that one of the configurations would take for more than a path. */
const PLACE = /^\/[\w./@+=,-]*$/;

function placeOf({ ownUser }: Shipper, { at, out }: OnboardOptions): string {
  const place = (at ?? (out === undefined ? USUAL_PLACE : typedPath(out))).replace(/(?<=.)\/+$/, "");
  const option = at === undefined ? "--out" : "--at";
  if (!PLACE.test(place))
    throw new UsageError(
      `${option}: ${place} cannot stand in every configuration. Take an absolute path of letters, digits and /._-@+=,`,
    );
  // Its unit names the directory.
  if (ownUser === true && !isUnitDirectory(place))
    throw new UsageError(
      `${option}: ${place} cannot stand in a unit of systemd's. No part of it may be empty or begin with a dot. Say where it will lie: --at /opt/atalaya`,
    );
  return place;
}

/** A glob, of the characters that all shippers read alike. */
const LOG_FILES = /^\/[\w./@+=*?-]*$/;
