-- Gives an event its number, keeps it and publishes it, in one step: what is heard is in the order of the numbers.
--
-- KEYS: the stream. ARGV: the channel; the newest number that the caller knows; about how many entries to keep; the
-- data. The number is microseconds since the epoch by this server's clock, and above every number there was: also
-- above what an instance knows of a stream that was lost.
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local prev = newest[1] and tonumber(string.match(newest[1][1], '^%d+')) or 0
local time = redis.call('TIME')
local number = math.max(time[1] * 1000000 + time[2], prev + 1, tonumber(ARGV[2]) + 1)

-- Lua would print numbers of that size with an exponent.
local seq, before = string.format('%.0f', number), string.format('%.0f', prev)
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], seq .. '-0', 'v', '1', 'p', before, 'd', ARGV[4])
-- Nobody resumes after a day, and what is in events is not to lie about for longer.
redis.call('EXPIRE', KEYS[1], 86400)
redis.call('PUBLISH', ARGV[1], '1 e ' .. seq .. ' ' .. before .. ' ' .. ARGV[4])
return 1
