-- Takes events from a window that slides, or none. It consists of parts, a 16th of
-- the period each. What happens in one part counts until 16 more have passed, so
-- for a period at least, and for a 16th more at most.
--
-- KEYS[1]  the state of the window
-- ARGV[1]  how many events to take; 0 looks, as if for one
-- ARGV[2]  the quota
-- ARGV[3]  how long a part is, in microseconds
-- Returns  {f, wait, used, reset}: f is 1 if they fit, else 0; microseconds until they
--          fit, events that count now, microseconds until none does.
--
-- All numbers are integers below 2^53, which doubles hold exactly.

-- Not every server answers with integers of more than 32 bits on every machine, so
-- larger ones are written out.
local function int(x)
	return x < 2147483648 and x or string.format('%.0f', x)
end

local MAXSKEW = 6e7 -- a minute

local n, quota, length = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

local time = redis.call('TIME')
local clock = time[1] * 1000000 + time[2]

-- Parts are numbered since 1970.
local function part(at)
	return (at - math.fmod(at, length)) / length
end

-- Time never goes back: see tokens.lua. from is what the times in the state are
-- to be compared with.
local now, from, moved = clock, clock, false

-- counts[k] is how many events happened k parts ago.
local counts, used = {}, 0
local function count(events, latest)
	local k = part(now) - part(math.min(latest, from) - from + now)
	if k <= 16 and events > 0 then
		counts[k] = (counts[k] or 0) + events
		used = used + events
	end
end

-- The state is "s1 at length newest last count count ...": the number of the
-- newest part, that of the last one in which a limiter with this length took
-- events, and how many happened in the newest part, the one before it ... Of a
-- window that does not slide it is "w1 at finish used". Parts of another length,
-- and such a window, count as late as they may have happened. But while limiters
-- with longer parts are in use, all use theirs.
local state, last = redis.call('GET', KEYS[1]), nil
if state then
	local kind, at, a, b, rest = string.match(state, '^([sw])1 (%d+) (%d+) (%d+)(.*)$')
	if not kind then
		return redis.error_reply('WEIRSTATE the key does not hold a window')
	end
	a, b = tonumber(a), tonumber(b)
	from = math.max(clock, tonumber(at))
	moved = from - clock > MAXSKEW
	if not moved then
		now = from
	end
	if kind == 's' then
		local used_last, all = string.match(rest, '^ (%d+)(.*)$')
		rest = all
		if a > length and math.floor(from / a) - used_last <= 16 and not moved then
			length, last = a, tonumber(used_last)
		end
		for events in string.gmatch(rest, '%d+') do
			count(tonumber(events), (b + 1) * a - 1)
			b = b - 1
		end
	elseif a > from then
		count(b, from)
	end
end

-- ends returns in how many microseconds the events of k parts ago cease to count.
local function ends(k)
	return (part(now) - k + 17) * length - clock
end

local fits, wait = used + math.max(n, 1) <= quota, 0
if fits and n > 0 then
	counts[0] = (counts[0] or 0) + n
	used = used + n
elseif not fits then
	local free = quota - used
	for k = 16, 0, -1 do
		free = free + (counts[k] or 0)
		if free >= math.max(n, 1) then
			wait = ends(k)
			break
		end
	end
end

local newest, text = 0, {string.format('s1 %.0f %.0f %.0f %.0f', now, length, part(now), last or part(now))}
for k = 16, 0, -1 do
	if counts[k] then
		newest = ends(k)
	end
end
if n > 0 and (fits or moved) then
	for k = 0, 16 do
		text[k + 2] = string.format('%.0f', counts[k] or 0)
	end
	local ttl = math.ceil(newest / 1000) + 1
	redis.call('SET', KEYS[1], table.concat(text, ' '), 'PX', ttl)
end
return {fits and 1 or 0, int(wait), int(used), int(newest)}
