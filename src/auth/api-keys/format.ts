import { randomInt } from "node:crypto";
import { crc32 } from "node:zlib";
import type { DirectoryTenant } from "../../model/directory";
import { orgId, TENANT_ID_LENGTH, type OrgId, type TenantId } from "../../model/names";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Characters: 178 bits. */
const RANDOM = 30;
/** Characters: 62^6 is more than 2^32. */
const SUM = 6;

const KEY = /^atl_([a-z][a-z0-9]*(?:-[a-z0-9]+)*)_[0-9A-Za-z]{36}$/;
const LONGEST = "atl__".length + TENANT_ID_LENGTH.maximum + RANDOM + SUM;

/**
 * A new self-service key: `atl_<tenant>_`, 30 random characters and a checksum over all before it, by which a scanner of secrets
 * knows one from a text that only looks like it.
 */
export function newKey({ id }: DirectoryTenant): string {
  const random = Array.from({ length: RANDOM }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
  const key = `atl_${id}_${random}`;
  return key + sumOf(key);
}

/** Whose a key says that it is, by its form and checksum; undefined when it is no self-service key. */
export function organisationOf(key: string): OrgId | undefined {
  if (key.length > LONGEST) return undefined;
  const tenant = KEY.exec(key)?.[1];
  if (tenant === undefined || sumOf(key.slice(0, -SUM)) !== key.slice(-SUM)) return undefined;
  return orgId(tenant as TenantId);
}

function sumOf(text: string): string {
  let rest = crc32(text);
  let digits = "";
  for (let place = 0; place < SUM; place++) {
    digits = ALPHABET.charAt(rest % ALPHABET.length) + digits;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return digits;
}
