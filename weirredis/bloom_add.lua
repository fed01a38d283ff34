-- Adds keys to a Bloom filter.
--
-- KEYS[1]  the filter: a head of 64 bytes, and blocks of 64 bytes
-- ARGV[1]  the head, which says how large the filter is and how keys lie in it
-- ARGV[2]  the number of its last bit
-- ARGV[3]  for how many milliseconds a new filter lives; 0 is for ever
-- ARGV[i]  from 4 on, a key: at which byte its block begins, and which of the bits
--          0 to 511 of that it has, with spaces between
-- Returns  a number for each key: 1 if all its bits were set already, else 0

local name, head = KEYS[1], ARGV[1]

local found = redis.call('GETRANGE', name, 0, #head - 1)
if found == '' and redis.call('EXISTS', name) == 0 then
	-- The last bit takes all the memory at once, or fails before anything is written.
	redis.call('SETBIT', name, ARGV[2], 0)
	redis.call('SETRANGE', name, 0, head)
	if ARGV[3] ~= '0' then
		redis.call('PEXPIRE', name, ARGV[3])
	end
elseif found ~= head then
	return redis.error_reply('WEIRSTATE the key holds something else, or a filter of another size')
end

-- Redis numbers the bits of a byte from the highest one on.
local weight = {128, 64, 32, 16, 8, 4, 2, 1}

local reply = {}
for i = 4, #ARGV do
	local from, bits = string.match(ARGV[i], '^(%d+)(.*)$')
	local block = redis.call('GETRANGE', name, from, from + 63)
	local already = 1
	for bit in string.gmatch(bits, '%d+') do
		local byte = string.byte(block, math.floor(bit / 8) + 1)
		-- What is set is not written once more, for replicas would hear of it.
		if math.floor(byte / weight[bit % 8 + 1]) % 2 == 0 then
			redis.call('SETBIT', name, from * 8 + bit, 1)
			already = 0
		end
	end
	reply[i - 3] = already
end
return reply
