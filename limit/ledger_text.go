package limit

import "encoding/binary"

// holds reports whether the text of c is key. The lengths are the same.
func (c *ledgerCell) holds(key string) bool {
	i := 0
	for ; len(key) >= 8; key = key[8:] {
		if c.text[i].Load() != eight(key) {
			return false
		}
		i++
	}
	return len(key) == 0 || c.text[i].Load() == fewer(key)
}

func (c *ledgerCell) write(key string) {
	i := 0
	for ; len(key) >= 8; key = key[8:] {
		c.text[i].Store(eight(key))
		i++
	}
	if len(key) > 0 {
		c.text[i].Store(fewer(key))
	}
}

// eight returns the first eight bytes.
func eight(s string) uint64 { return binary.LittleEndian.Uint64([]byte(s)) }

// fewer returns the bytes, less than eight, and zeros.
func fewer(s string) uint64 {
	switch n := uint(len(s)); {
	case n >= 4:
		return uint64(four(s)) | uint64(four(s[n-4:]))<<(8*(n-4))
	case n >= 2:
		return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[n-1])<<(8*(n-1))
	default:
		return uint64(s[0])
	}
}

func four(s string) uint32 { return binary.LittleEndian.Uint32([]byte(s)) }
