/**
 * What is done to a tenant's API keys at once, or not at all. KEYS are those of `apiKeyNames`: records by hash, hashes by id, ids
 * in order, last uses by id. The first write of each is one that Redis refuses when it is full: then it does nothing.
 */

/** ARGV: id, hash, record, how many a tenant may have. */
export const CREATE = `
if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[4]) then return 'full' end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[3], 0, ARGV[1])
return 'done'`;

const REMOVING = `
local function remove(id)
  local hash = redis.call('HGET', KEYS[2], id)
  if not hash then return 'absent' end
  redis.call('HDEL', KEYS[1], hash)
  redis.call('HDEL', KEYS[2], id)
  redis.call('ZREM', KEYS[3], id)
  redis.call('HDEL', KEYS[4], id)
  return 'done'
end`;

/** ARGV: id. */
export const REMOVE = `${REMOVING}
return remove(ARGV[1])`;

/**
 * ARGV: the old key's id, its record as it was read and as it shall be; the new key's id, hash and record; the id of a successor
 * that nobody used, or nothing; how many a tenant may have.
 */
export const ROTATE = `${REMOVING}
local hash = redis.call('HGET', KEYS[2], ARGV[1])
if not hash then return 'absent' end
if redis.call('HGET', KEYS[1], hash) ~= ARGV[2] then return 'changed' end
if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[8]) then return 'full' end
redis.call('HSET', KEYS[1], hash, ARGV[3], ARGV[5], ARGV[6])
redis.call('HSET', KEYS[2], ARGV[4], ARGV[5])
redis.call('ZADD', KEYS[3], 0, ARGV[4])
if ARGV[7] ~= '' then remove(ARGV[7]) end
return 'done'`;

/** A successor was used: its predecessor ends. ARGV: the predecessor's id; the successor's hash, its record as it was read and as it shall be. */
export const SETTLE = `${REMOVING}
if redis.call('HGET', KEYS[1], ARGV[2]) ~= ARGV[3] then return 'changed' end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[4])
remove(ARGV[1])
return 'done'`;

/** ARGV: id, minute. Of a key that was revoked meanwhile nothing is kept. */
export const NOTE_USE = `
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then return 'absent' end
redis.call('HSET', KEYS[4], ARGV[1], ARGV[2])
return 'done'`;

/** ARGV: where to begin, how many. Record and last use of each. */
export const LIST = `
local found = {}
for _, id in ipairs(redis.call('ZRANGEBYLEX', KEYS[3], ARGV[1], '+', 'LIMIT', 0, ARGV[2])) do
  local hash = redis.call('HGET', KEYS[2], id)
  table.insert(found, { redis.call('HGET', KEYS[1], hash), redis.call('HGET', KEYS[4], id) })
end
return found`;

/** ARGV: id. Record and last use, or nothing. */
export const GET = `
local hash = redis.call('HGET', KEYS[2], ARGV[1])
if not hash then return false end
return { redis.call('HGET', KEYS[1], hash), redis.call('HGET', KEYS[4], ARGV[1]) }`;
