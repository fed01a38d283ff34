package weirredis

// crcTable is of CRC-16/XMODEM: polynomial 0x1021, begun with 0, not reflected. A
// Cluster takes a key's slot from it.
var crcTable = func() (t [256]uint16) {
	for i := range t {
		crc := uint16(i) << 8
		for range 8 {
			carry := crc >> 15
			crc = crc<<1 ^ carry*0x1021
		}
		t[i] = crc
	}
	return t
}()

// crc16 goes on with a checksum; it begins with 0.
func crc16(crc uint16, text string) uint16 {
	for i := range len(text) {
		crc = crc<<8 ^ crcTable[byte(crc>>8)^text[i]]
	}
	return crc
}
