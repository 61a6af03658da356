import { expect, it } from "vitest";
import { madeNow } from "../../src/cli/up";
import type { Encryption } from "../../src/operate/pulumi/backend";

const said = (encryption: Encryption): readonly string[] =>
  madeNow({
    name: "dev",
    decided: {
      kind: "decided",
      backend: { kind: "ours", url: "file:///h/state", by: "this machine" },
      encryption,
    },
  }).split("\n");

const SALT =
  "Stack dev is new. Pulumi has written encryptionsalt to Pulumi.dev.yaml, by which it knows the passphrase again: keep it there";

it("what Pulumi has written by a passphrase is committed only where others have the same one", () => {
  expect(said({ kind: "file", path: "/h/passphrase" })).toEqual([
    `${SALT}, and do not commit it: the passphrase is this machine's own, and colleagues could not open the stack with theirs.`,
    "Without /h/passphrase nobody can read its secrets: back that directory up.",
  ]);
  expect(said({ kind: "passphrase", by: "PULUMI_CONFIG_PASSPHRASE" })).toEqual([
    `${SALT}, and commit it where colleagues have the same passphrase, only there.`,
  ]);
  expect(said({ kind: "provider", url: "awskms://alias/x" })).toEqual(["Stack dev is new."]);
});
