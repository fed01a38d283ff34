-- Takes events from every bucket of a key, or from none: GCRA as a leaky bucket.
--
-- KEYS[1]  the state of all buckets of the key
-- ARGV[1]  "sign within": 1 takes, 0 looks, -1 gives back; how many microseconds
--          ahead events may be taken, or were taken
-- ARGV[i]  a bucket: "id E cq cr fq fr". One event is P/E microseconds of its
--          rate; id is "P/E/burst"; what is taken is cq + cr/E microseconds, a
--          full bucket fq + fr/E.
-- Returns  "f skew q r q r ...": f is 1 if it fits, else 0; then for each bucket
--          its level before, if events were taken or would be, else after:
--          q + r/E microseconds. To skew, see below.
--
-- All numbers are integers below 2^53, which doubles hold exactly; the year 2100
-- is 4.1e15. A level is a time, not a number of events, so that nothing has to be
-- multiplied here, and its fraction stands apart, so that nothing is rounded.

local MAX = 4.8e15   -- no level is above it: 152 years
local MAXSKEW = 6e7  -- a minute

local sign, within = string.match(ARGV[1], '^(%S+) (%S+)$')
sign, within = tonumber(sign), tonumber(within)

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

-- Time never goes back. A server whose clock is behind its predecessor's stands
-- still until it has caught up: now is skew ahead of its clock. If that took more
-- than a minute, the other clock was wrong: the levels move to this one.
local skew = 0

-- The levels as they are now, {id, q, r, g} each. g is 0, or the level which
-- limiters with larger buckets see, in whole microseconds.
local levels = {}

-- The state is "t1 at" and per bucket " id q r g": at is when it was written, and
-- q + r/E and g are not levels, but the times when they will have become 0.
local function save()
	local top, text = 0, {'t1 ' .. string.format('%.0f', now)}
	for i, l in ipairs(levels) do
		top = math.max(top, l[2] + math.min(l[3], 1), l[4])
		local g = l[4] > 0 and now + l[4] or 0
		text[i + 1] = string.format('%s %.0f %.0f %.0f', l[1], now + l[2], l[3], g)
	end
	if top == 0 then
		redis.call('DEL', KEYS[1])
		return
	end
	-- Longer than the state's life, if only by a millisecond, and never 0.
	local ttl = string.format('%.0f', math.ceil((skew + top) / 1000) + 1)
	redis.call('SET', KEYS[1], table.concat(text, ' '), 'PX', ttl)
end

local state = redis.call('GET', KEYS[1])
if state then
	local at, rest = string.match(state, '^t1 (%d+)(.*)$')
	if not at then
		return redis.error_reply('WEIRSTATE the key does not hold buckets of tokens')
	end
	local from = math.max(now, tonumber(at))
	for id, q, r, g in string.gmatch(rest, ' (%S+) (%d+) (%d+) (%d+)') do
		q, r, g = q - from, tonumber(r), math.max(g - from, 0)
		if q < 0 then
			q, r = 0, 0
		end
		levels[#levels + 1] = {id, math.min(q, MAX), r, math.min(g, MAX)}
	end
	if from - now <= MAXSKEW then
		skew = from - now
		now = from
	elseif sign ~= 0 then
		save()
	end
end

-- add returns the sum of two times with fractions in units of 1/e.
local function add(q, r, dq, dr, e)
	q, r = q + dq, r + dr
	if r >= e then
		return q + 1, r - e
	elseif r < 0 then
		return q - 1, r + e
	end
	return q, r
end

-- Another limit wrote this level. Its events count as events of this one, rounded
-- up by two or three microseconds. This one sees a full bucket at most; what is
-- above that stays in g, so that the other one does not see a lower level again.
local function convert(l, id, e, fq, fr)
	local x = math.max(l[2] + math.min(l[3], 1), l[4])
	local p0, e0 = string.match(l[1], '^(%d+)/(%d+)/')
	if x > 0 and p0 then
		local p = string.match(id, '^%d+')
		x = math.min(math.ceil(x * e0 / p0 * p / e * (1 + 1e-15)) + 1, MAX)
	end
	if x > fq then
		return {id, fq, fr, x}
	end
	return {id, x, 0, 0}
end

-- Callers wait by the server's clock, on which all happens later by skew.
within = math.max(within - skew, 0)

local reply, fits, before = {}, true, levels
levels = {}
for i = 2, #ARGV do
	local id, e, cq, cr, fq, fr = string.match(ARGV[i], '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
	e, cq, cr, fq, fr = tonumber(e), tonumber(cq), tonumber(cr), tonumber(fq), tonumber(fr)
	local l = before[i - 1] or {id, 0, 0, 0}
	if l[1] ~= id then
		l = convert(l, id, e, fq, fr)
	end
	local q, r, g = l[2], l[3], l[4]

	if sign >= 0 then
		reply[i - 1] = string.format(' %.0f %.0f', q, r)
		q, r = add(q, r, cq, cr, e)
		local oq, of = add(q, r, -fq - within, -fr, e)
		fits = fits and (oq < 0 or (oq == 0 and of == 0))
		g = g > 0 and math.min(g + cq + 1, MAX) or 0
	else
		q, r = add(q, r, -cq, -cr, e)
		-- What is above a full bucket happens later; what is above it by more than
		-- within was taken after ours, and goes on counting.
		local oq, of = add(l[2], l[3], -fq - within, -fr, e)
		if oq >= 0 then
			q, r = add(q, r, oq, of, e)
			if q > l[2] or (q == l[2] and r > l[3]) then
				q, r = l[2], l[3]
			end
		end
		if q < 0 then
			q, r = 0, 0
		end
		g = math.max(g - cq, 0)
		reply[i - 1] = string.format(' %.0f %.0f', q, r)
	end
	levels[i - 1] = {id, q, r, g}
end

if fits and sign ~= 0 then
	save()
end
return string.format('%d %.0f', fits and 1 or 0, skew) .. table.concat(reply)
