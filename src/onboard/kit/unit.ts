/** A systemd unit as a value: sections in order, a list where a key stands several times. */
export type Unit = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** Its text. `%d` and the like stay: who writes a value knows systemd's specifiers. Throws on what would end the line. */
export const toUnit = (unit: Unit): string =>
  Object.entries(unit)
    .map(([section, values]) => `[${section}]\n${Object.entries(values).flatMap(lines).join("")}`)
    .join("\n");

const lines = ([key, value]: readonly [string, string | readonly string[]]): readonly string[] =>
  (typeof value === "string" ? [value] : value).map((one) => {
    if (/[\n\r]/.test(one) || one.endsWith("\\")) throw new Error(`unit: ${key} holds what ends a line`);
    return `${key}=${one}\n`;
  });

/** What every unit of ours may not do. Sources: systemd.exec(5). */
export const CONFINED: Unit[string] = {
  DynamicUser: "yes",
  NoNewPrivileges: "yes",
  CapabilityBoundingSet: "",
  ProtectSystem: "strict",
  ProtectHome: "yes",
  PrivateTmp: "yes",
  PrivateDevices: "yes",
  ProtectKernelTunables: "yes",
  ProtectKernelModules: "yes",
  ProtectControlGroups: "yes",
  RestrictAddressFamilies: "AF_INET AF_INET6 AF_UNIX AF_NETLINK",
  RestrictNamespaces: "yes",
  RestrictSUIDSGID: "yes",
  LockPersonality: "yes",
  UMask: "0077",
};
