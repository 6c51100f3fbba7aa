-- One bucket, by GCRA: the value is the instant at which the bucket will be full again, in microseconds since the
-- epoch by this server's clock, the only one that all instances share. A full bucket has no key.
--
-- KEYS: the bucket. ARGV: take, give_back or clear; the microseconds from one refill to the next; those in which an
-- empty bucket fills. Returns whether it is allowed (0 or 1) and the microseconds until the bucket is full.
local what, interval, full = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local kept = tonumber(redis.call('GET', KEYS[1]) or '')
-- No later than full from now: the rate was lowered, or the clock put back.
local full_at = math.min(math.max(kept or now, now), now + full)

local allowed = 1
if what == 'take' then
    if full_at + interval > now + full then
        allowed = 0
    else
        full_at = full_at + interval
    end
elseif what == 'give_back' then
    full_at = math.max(full_at - interval, now)
elseif what == 'clear' then
    full_at = now
end

if full_at <= now then
    if kept then redis.call('DEL', KEYS[1]) end
elseif full_at ~= kept then
    -- Lua would print a number of that size with an exponent.
    local lives = math.ceil((full_at - now) / 1000)
    redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', string.format('%.0f', lives))
end
return { allowed, full_at - now }
