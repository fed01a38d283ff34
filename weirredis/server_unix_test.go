//go:build unix

package weirredis_test

import (
	"syscall"

	"github.com/stretchr/testify/require"
)

// pause stops the process without closing its connections, as when a machine
// hangs.
func (s *server) pause() { require.NoError(s.t, s.cmd.Process.Signal(syscall.SIGSTOP)) }

func (s *server) resume() { require.NoError(s.t, s.cmd.Process.Signal(syscall.SIGCONT)) }
