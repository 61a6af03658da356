import { OperateError } from "../error";
import { isFields, type Exported } from "./deployment";

/** What a provider was told, in plain text. Never to be written anywhere. */
export type Settings = Readonly<Record<string, string>>;

/** How the engine marks a secret (sdk/go/common/resource/plugin/rpc.go). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";

/**
 * What a provider was told, from a state that was exported with its secrets: where its server is, and its administrator. The
 * stack's outputs would say it as well, but an environment whose first up was interrupted has none.
 * @param reference `<urn>::<id>`
 */
export function settingsOf({ deployment }: Exported, reference: string): Settings {
  const urn = reference.split("::").slice(0, 4).join("::");
  const found = (deployment.resources ?? []).find((one) => one.urn === urn && one.delete !== true);
  if (found === undefined) throw new OperateError("the state does not have the provider that made it.");
  return Object.fromEntries(
    Object.entries(found.inputs ?? {}).flatMap(([key, value]) => {
      const plain = revealed(value);
      return typeof plain === "string" ? [[key, plain]] : [];
    }),
  );
}

function revealed(value: unknown): unknown {
  if (!isFields(value) || !(SIGNATURE in value)) return value;
  const { plaintext } = value;
  return typeof plaintext === "string" ? (JSON.parse(plaintext) as unknown) : undefined;
}

/** A setting that must be there. */
export function setting(settings: Settings, key: string): string {
  const value = settings[key];
  if (value === undefined) throw new OperateError(`the state does not say its server's ${key}.`);
  return value;
}
