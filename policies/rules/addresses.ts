import { BlockList, isIP } from "node:net";

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

const EVERY = new BlockList();
EVERY.addAddress("0.0.0.0", "ipv4");
EVERY.addAddress("::", "ipv6");

const isIn = (addresses: BlockList, ip: string): boolean => {
  const version = isIP(ip);
  return version !== 0 && addresses.check(ip, version === 6 ? "ipv6" : "ipv4");
};

/** An address that no other machine can reach. A name is none, `localhost` neither: what it means is not ours to say. */
export const isLoopback = (ip: string | undefined): boolean => ip !== undefined && isIn(LOOPBACK, ip);

/** One address, and not all of them at once (`0.0.0.0`, `::`, in any spelling). */
export const isOneAddress = (ip: string | undefined): ip is string =>
  ip !== undefined && isIP(ip) !== 0 && !isIn(EVERY, ip);
