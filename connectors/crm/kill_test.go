package crm

import (
	"syscall"
	"testing"
)

// kill ends a process of a server that the test started, as a crash does.
func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}
