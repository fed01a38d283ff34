package weirredis

import (
	"context"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/weirgo/weir/limit"
)

const (
	slots     = 16_384 // of a Cluster
	slotsEach = 256    // of a part
)

var _ limit.Parted = (*Store)(nil)

// Parts implements [limit.Parted]: if the client is a *redis.ClusterClient or a
// *redis.Ring, or embeds one, limiters tell apart which nodes do not answer. Other
// clients ask one server at a time, and have no parts: nil.
//
// The parts of a Cluster are its 64 ranges of 256 slots. A range whose slots
// belong to several masters shares the fate of all of them, as do two of the
// 64 if three masters have a third each. The parts of a Ring are its shards,
// told apart by a hash of their addresses, so that two of them may be one part.
func (s *Store) Parts(prefix string) func(key string) int {
	switch c := s.client.(type) {
	case interface { // *redis.ClusterClient
		MasterForKey(ctx context.Context, key string) (*redis.Client, error)
	}:
		return func(key string) int { return s.slot(prefix, key) / slotsEach }
	case interface { // *redis.Ring
		GetShardClientForKey(key string) (*redis.Client, error)
	}:
		return func(key string) int {
			shard, err := c.GetShardClientForKey(s.hashed(prefix + key))
			if err != nil {
				return 0 // there is none
			}
			return int(crc16(0, shard.Options().Addr))
		}
	}
	return nil
}

// slot returns the Cluster's slot of the tokens of prefix + key. It is that of the
// window, too, unless they begin with a closing brace: see hashed.
func (s *Store) slot(prefix, key string) int {
	if strings.Contains(prefix, "}") || strings.Contains(key, "}") {
		return int(crc16(0, s.hashed(prefix+key)) % slots)
	}
	return int(crc16(crc16(0, prefix), key) % slots) // the usual; it does not allocate
}

// hashed returns what Redis takes a slot from, and Ring a shard: what stands
// between the first brace and the next closing one, or where nothing does, the
// whole name.
func (s *Store) hashed(key string) string {
	tag, _, found := strings.Cut(key, "}")
	if found && tag == "" {
		return s.prefix + "{" + key + "}"
	}
	return tag
}
