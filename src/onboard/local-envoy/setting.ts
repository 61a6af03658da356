import { size } from "../../model/units";
import type { KitPlace } from "../kit/places";

export const LOCAL_MEMORY = size("128MiB");

/** Where one Envoy of it runs. */
export interface EnvoyPlace extends KitPlace {
  /** Delivers the secret: `sds.yaml`. */
  readonly sds: string;
  /** Its admin interface: a socket of its owner's, never a port. */
  readonly adminSocket: string;
  /** The authorities that the host trusts anyway, one file. */
  readonly systemAuthorities: string;
}
