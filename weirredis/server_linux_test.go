package weirredis_test

import (
	"os/exec"
	"syscall"
)

// dieWithTests has the kernel end the process if the tests end without doing so,
// as when they panic or take too long.
func dieWithTests(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
