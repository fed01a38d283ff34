-- Takes events from every bucket of a key, or from none: GCRA as a leaky bucket.
--
-- KEYS[1]  the state of all buckets of the key
-- ARGV[i]  a bucket: "id E cq cr fq fr". One event is P/E microseconds of its
--          rate; id is "P/E/burst"; what is taken is cq + cr/E microseconds, a
--          full bucket fq + fr/E. Before the first stands "sign within ": 1 takes, 0
--          looks, -1 gives back; how many microseconds ahead events may be taken, or
--          were taken.
-- Returns  {f, skew, q, r, q, r ...}: f is 1 if it fits, else 0; then for each bucket
--          its level before, if events were taken or would be, else after:
--          q + r/E microseconds. To skew, see below.
--
-- All numbers are integers below 2^53, which doubles hold exactly; the year 2100
-- is 4.1e15. A level is a time, not a number of events, so that nothing has to be
-- multiplied here, and its fraction stands apart, so that nothing is rounded.

local MAX = 4.8e15   -- no level is above it: 152 years
local MAXSKEW = 6e7  -- a minute

-- Not every server answers with integers of more than 32 bits on every machine, so
-- larger ones are written out.
local function int(x)
	return x < 2147483648 and x or string.format('%.0f', x)
end

local sign, within, id, e, cq, cr, fq, fr =
	string.match(ARGV[1], '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

-- The state is "t1 s us" and per bucket " id q r g": when it was written, in
-- seconds and microseconds, and the levels as they were then.
local state = redis.call('GET', KEYS[1])

-- Time never goes back. A server whose clock is behind its predecessor's stands
-- still until it has caught up: now is skew ahead of its clock. If that took more
-- than a minute, the other clock was wrong: the levels move to this one.
local skew = 0

-- The usual case: one bucket, whose state its own limiter wrote. It does what all
-- that follows would do, in half the time. Concatenation prints integers of 14
-- digits, three years, and is the cheapest that does.
if #ARGV == 1 and sign ~= '-1' then
	local s, us, wrote, q, r = now, 0, id, 0, 0
	if state then
		s, us, wrote, q, r = string.match(state, '^t1 (%d+) (%d+) (%S+) (%d+) (%d+) 0$')
	end
	if wrote == id then
		local gone = state and now - s * 1000000 - us or 0
		q, r = q - gone, r + 0
		if q < 0 then
			q, r = 0, 0
		end
		local nq, nr = q + cq, r + cr
		if nr - e >= 0 then
			nq, nr = nq + 1, nr - e
		end
		if gone >= 0 and nq < 1e14 and nr < 1e14 then
			local over = nq - fq - within
			local fits = over < 0 or over == 0 and nr - fr <= 0
			if fits and sign == '1' then
				local rest = nr == 0 and ' 0 0' or ' ' .. nr .. ' 0'
				local text = 't1 ' .. time[1] .. ' ' .. time[2] .. ' ' .. id .. ' ' .. nq .. rest
				local ttl = math.ceil((nq + math.min(nr, 1)) / 1000) + 1
				redis.call('SET', KEYS[1], text, 'PX', ttl)
			end
			return {fits and 1 or 0, 0, int(q), int(r)}
		end
	end
end

sign, within = tonumber(sign), tonumber(within)

-- The levels as they are now, {id, q, r, g} each. g is 0, or the level which
-- limiters with larger buckets see, in whole microseconds.
local levels = {}

local function save()
	local us = math.fmod(now, 1e6)
	local top, text = 0, {string.format('t1 %.0f %.0f', (now - us) / 1e6, us)}
	for i, l in ipairs(levels) do
		top = math.max(top, l[2] + math.min(l[3], 1), l[4])
		text[i + 1] = string.format('%s %.0f %.0f %.0f', unpack(l))
	end
	if top == 0 then
		redis.call('DEL', KEYS[1])
		return
	end
	-- Longer than the state's life, if only by a millisecond, and never 0.
	local ttl = math.ceil((skew + top) / 1000) + 1
	redis.call('SET', KEYS[1], table.concat(text, ' '), 'PX', ttl)
end

if state then
	local s, us, rest = string.match(state, '^t1 (%d+) (%d+)(.*)$')
	if not s then
		return redis.error_reply('WEIRSTATE the key does not hold buckets of tokens')
	end
	local at = s * 1000000 + us
	local from = math.max(now, at)
	for id, q, r, g in string.gmatch(rest, ' (%S+) (%d+) (%d+) (%d+)') do
		q, r, g = q - (from - at), tonumber(r), math.max(g - (from - at), 0)
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

local reply, fits, before = {0, int(skew)}, true, levels
local kept, overtaken = {0, int(skew)}, false -- where events are given back
levels = {}
for i = 1, #ARGV do
	if i > 1 then
		id, e, cq, cr, fq, fr = string.match(ARGV[i], '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
	end
	e, cq, cr, fq, fr = tonumber(e), tonumber(cq), tonumber(cr), tonumber(fq), tonumber(fr)
	local l = before[i] or {id, 0, 0, 0}
	if l[1] ~= id then
		l = convert(l, id, e, fq, fr)
	end
	local q, r, g = l[2], l[3], l[4]

	if sign >= 0 then
		reply[2 * i + 1], reply[2 * i + 2] = int(q), int(r)
		q, r = add(q, r, cq, cr, e)
		local oq, of = add(q, r, -fq - within, -fr, e)
		fits = fits and (oq < 0 or (oq == 0 and of == 0))
		g = g > 0 and math.min(g + cq + 1, MAX) or 0
	else
		-- What is above a full bucket happens later. If some of it does by more than
		-- within, others have places after ours: then all stays as it is.
		local oq, of = add(q, r, -fq - within, -fr, e)
		overtaken = overtaken or oq > 0 or (oq == 0 and of > 0)
		kept[2 * i + 1], kept[2 * i + 2] = int(q), int(r)
		q, r = add(q, r, -cq, -cr, e)
		if q < 0 then
			q, r = 0, 0
		end
		g = math.max(g - cq, 0)
		reply[2 * i + 1], reply[2 * i + 2] = int(q), int(r)
	end
	levels[i] = {id, q, r, g}
end
if overtaken then
	reply, sign = kept, 0
end

if fits and sign ~= 0 then
	save()
end
reply[1] = fits and 1 or 0
return reply
