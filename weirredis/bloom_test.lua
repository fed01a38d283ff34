-- Asks a Bloom filter for keys.
--
-- KEYS[1]  the filter: see bloom_add.lua
-- ARGV[1]  its head
-- ARGV[i]  from 2 on, a key: at which byte its block begins, and its bits in that
-- Returns  a number for each key: 1 if all its bits are set, else 0

local name, head = KEYS[1], ARGV[1]

local found = redis.call('GETRANGE', name, 0, #head - 1)
local none = found == '' and redis.call('EXISTS', name) == 0
if found ~= head and not none then
	return redis.error_reply('WEIRSTATE the key holds something else, or a filter of another size')
end

local weight = {128, 64, 32, 16, 8, 4, 2, 1} -- of the bits of a byte, as Redis numbers them

local function holds(key)
	local from, bits = string.match(key, '^(%d+)(.*)$')
	local block = redis.call('GETRANGE', name, from, from + 63)
	for bit in string.gmatch(bits, '%d+') do
		local byte = string.byte(block, math.floor(bit / 8) + 1)
		if math.floor(byte / weight[bit % 8 + 1]) % 2 == 0 then
			return 0
		end
	end
	return 1
end

local reply = {}
for i = 2, #ARGV do
	reply[i - 1] = none and 0 or holds(ARGV[i])
end
return reply
