import * as pulumi from "@pulumi/pulumi";
import type { Recording, ResourceRecord } from "../../src/model/recording";
import { configSecretMarker } from "../../src/preview/markers";
import { record, type Program, type RecordOptions } from "../../src/preview/recorder";

const OPTIONS: RecordOptions = {
  project: "atalaya",
  stack: "dev",
  config: new Map([
    ["domain", "example.org"],
    ["atalaya:smtp", configSecretMarker("smtp")],
  ]),
  secretConfigKeys: ["smtp"],
  stallMs: 500,
};
export const run = (program: () => unknown, options: Partial<RecordOptions> = {}): Promise<Recording> =>
  record(((): unknown => Promise.resolve(program())) as Program, { ...OPTIONS, ...options });

export const urn = (type: string, name: string): string => `urn:pulumi:dev::atalaya::${type}::${name}`;
export const STACK = urn("pulumi:pulumi:Stack", "atalaya-dev");
export const NETWORK = "docker:index/network:Network";
export const VOLUME = "docker:index/volume:Volume";

export const resource = ({ resources }: Recording, name: string): ResourceRecord => {
  const found = resources.filter((one) => one.name === name);
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} resources "${name}"`);
  return found[0];
};

export class Group extends pulumi.ComponentResource {
  constructor(
    name: string,
    make: (group: Group) => void,
    opts: pulumi.ComponentResourceOptions = {},
    args = {},
  ) {
    super("test:index:Group", name, args, opts);
    make(this);
    this.registerOutputs({});
  }
}

export const never = (): pulumi.Output<string> => pulumi.output(new Promise<string>(() => undefined));
