/**
 * In the bundle, what the package `debug` is elsewhere: with DEBUG set, ioredis would print every command by it, passwords and
 * hashes among them, and it looks for a package that colours its lines.
 */
export default function noDebug(namespace: string) {
  return Object.assign(() => undefined, { namespace, enabled: false, destroy: () => true });
}
