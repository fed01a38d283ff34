package weirredis

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCRCIsTheOneOfTheClusterSpecification(t *testing.T) {
	require.Equal(t, uint16(0x31C3), crc16(0, "123456789"))
	require.Equal(t, uint16(0x31C3), crc16(crc16(0, "1234"), "56789"))
	require.Zero(t, crc16(0, ""))
}
