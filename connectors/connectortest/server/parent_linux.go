package server

import "syscall"

// diesWithParent makes a server end with the process that started it.
func diesWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
