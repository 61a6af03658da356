import type { Pool } from "./answer";
import type { Network } from "./facts";

/** What an engine without `default-address-pools` takes: 172.17.0.0/16 to 172.31.0.0/16, and 192.168.0.0/16 by /20. */
const DEFAULTS: readonly Pool[] = [
  { base: "172.17.0.0/16", size: 16 },
  { base: "172.18.0.0/15", size: 16 },
  { base: "172.20.0.0/14", size: 16 },
  { base: "172.24.0.0/13", size: 16 },
  { base: "192.168.0.0/16", size: 20 },
];

interface Range {
  readonly first: number;
  readonly last: number;
}

/** How many networks an engine can still give addresses to. IPv4 alone: the other kind does not run out. */
export function networksLeft(pools: readonly Pool[] | undefined, networks: readonly Network[]): number {
  const taken = networks.flatMap(({ subnets }) => subnets.flatMap((subnet) => rangeOf(subnet) ?? []));
  return (pools ?? DEFAULTS)
    .flatMap(blocks)
    .filter((block) => !taken.some(({ first, last }) => first <= block.last && last >= block.first)).length;
}

/** More than these of a pool nobody asks for. */
const MOST_BLOCKS = 4_096;

function blocks({ base, size }: Pool): readonly Range[] {
  const whole = rangeOf(base);
  if (whole === undefined || size < 1 || size > 32) return [];
  const length = 2 ** (32 - size);
  const count = Math.min(MOST_BLOCKS, Math.floor((whole.last - whole.first + 1) / length));
  return Array.from({ length: count }, (_, index) => {
    const first = whole.first + index * length;
    return { first, last: first + length - 1 };
  });
}

/** The addresses of `172.18.0.0/16`, as numbers; undefined for IPv6. */
function rangeOf(subnet: string): Range | undefined {
  const [, a, b, c, d, prefix] = (/^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(subnet) ?? []).map(Number);
  if (a === undefined || b === undefined || c === undefined || d === undefined || prefix === undefined)
    return undefined;
  const length = 2 ** (32 - prefix);
  const first = Math.floor((((a * 256 + b) * 256 + c) * 256 + d) / length) * length;
  return { first, last: first + length - 1 };
}
