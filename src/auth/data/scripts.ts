/**
 * What is done to one entry of a tenant's data at once, or not at all. KEYS: the entry, the keys of all, the bytes of all. The
 * first write is one that Redis refuses when it is full: then nothing is done.
 */

/** Whether the entry is as the writer expects. ARGV of both scripts begin with: key, If-Match or nothing, If-None-Match or nothing. */
const CHECKED = `
local current = redis.call('HGET', KEYS[1], 'etag')
local function conflicts()
  if ARGV[3] == '*' and current then return true end
  if ARGV[2] == '' then return false end
  return not current or (ARGV[2] ~= '*' and ARGV[2] ~= current)
end
local function size()
  return current and #ARGV[1] + redis.call('HSTRLEN', KEYS[1], 'value') or 0
end
if conflicts() then return 'conflict' end`;

/** ARGV then: value, its entity tag, when, by whom, how many entries and bytes a tenant may have. */
export const PUT = `${CHECKED}
local change = #ARGV[1] + #ARGV[4] - size()
local used = tonumber(redis.call('GET', KEYS[3]) or '0')
if not current and redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[8]) then return 'full' end
if change > 0 and used + change > tonumber(ARGV[9]) then return 'full' end
redis.call('HSET', KEYS[1], 'value', ARGV[4], 'etag', ARGV[5], 'at', ARGV[6], 'by', ARGV[7])
redis.call('ZADD', KEYS[2], 0, ARGV[1])
redis.call('INCRBY', KEYS[3], change)
return current and 'replaced' or 'created'`;

export const REMOVE = `${CHECKED}
if not current then return 'absent' end
local bytes = size()
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('DECRBY', KEYS[3], bytes)
return 'removed'`;
