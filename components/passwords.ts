import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

/** 40 letters and digits: 238 bits, and nothing that a shell, a URL or a configuration file would read differently. */
const LENGTH = 40;

/** A password of ours, secret wherever it goes. It is another one as soon as `keepers` are others. */
export function password(
  name: string,
  opts: pulumi.CustomResourceOptions,
  keepers?: Readonly<Record<string, string>>,
): pulumi.Output<string> {
  const args = { length: LENGTH, special: false, ...(keepers !== undefined && { keepers }) };
  const { result } = new random.RandomPassword(name, args, opts);
  return pulumi.secret(result);
}

/** The password of data: it goes with the data's volume, and without it nobody opens that volume again. */
export const dataPassword = (name: string, parent: pulumi.Resource): pulumi.Output<string> =>
  password(name, { parent, protect: true });
