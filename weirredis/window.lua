-- Takes events from a window that begins and ends at fixed times, or none.
--
-- KEYS[1]  the state of the window
-- ARGV[1]  how many events to take; 0 looks, as if for one
-- ARGV[2]  the quota
-- ARGV[3]  the period in microseconds: windows begin at its multiples since 1970.
--          Or, if there are more, 3 to the last are boundaries of windows,
--          ascending, in microseconds since 1970.
-- Returns  {f, wait, used, reset}: f is 1 if they fit, else 0; microseconds until they
--          fit, events that count now, microseconds until none does. Or {-1, now},
--          if the server's time is not within the boundaries.
--
-- All numbers are integers below 2^53, which doubles hold exactly.

local MAXSKEW = 6e7 -- a minute

-- Not every server answers with integers of more than 32 bits on every machine, so
-- larger ones are written out.
local function int(x)
	return x < 2147483648 and x or string.format('%.0f', x)
end

local n, quota = tonumber(ARGV[1]), tonumber(ARGV[2])

local time = redis.call('TIME')
local clock = time[1] * 1000000 + time[2]

-- Time never goes back: see tokens.lua. If the other clock was wrong, what counts
-- is taken over into the window of this one.
local now, used, finish, moved = clock, 0, 0, false

-- The state is "w1 at finish used"; of a sliding window, "s1 at length newest
-- last count count ...": see sliding.lua.
local state = redis.call('GET', KEYS[1])
if state then
	local kind, at, a, b, counts = string.match(state, '^([sw])1 (%d+) (%d+) (%d+)(.*)$')
	if not kind then
		return redis.error_reply('WEIRSTATE the key does not hold a window')
	end
	at, a, b = tonumber(at), tonumber(a), tonumber(b)
	local from = math.max(clock, at)
	moved = from - clock > MAXSKEW
	if not moved then
		now = from
	end
	if kind == 'w' then
		if a > from then
			used = b
			if not moved then
				finish = a
			end
		end
	else
		for count in string.gmatch(string.match(counts, '^ %d+(.*)$'), '%d+') do
			if (b + 17) * a > from then
				used = used + tonumber(count)
			end
			b = b - 1
		end
	end
end

local own
if #ARGV == 3 then
	local period = tonumber(ARGV[3])
	own = now - math.fmod(now, period) + period
elseif now >= tonumber(ARGV[3]) then
	for i = 4, #ARGV do
		own = own or now < tonumber(ARGV[i]) and tonumber(ARGV[i])
	end
end
if not own then
	return {-1, int(now)}
end
if finish == 0 then
	finish = own
end

local fits = used + math.max(n, 1) <= quota
local wait = fits and 0 or finish - clock
if fits and n > 0 then
	-- What another limit began goes on as long as the longer of both.
	used, finish = used + n, math.max(finish, own)
end
if n > 0 and (fits or moved) then
	local ttl = math.ceil((finish - clock) / 1000) + 1
	redis.call('SET', KEYS[1], string.format('w1 %.0f %.0f %.0f', now, finish, used), 'PX', ttl)
end
return {fits and 1 or 0, int(wait), int(used), int(used > 0 and finish - clock or 0)}
