//go:build !linux

package server

import "syscall"

// diesWithParent can do nothing here: a server outlives a killed parent.
func diesWithParent() *syscall.SysProcAttr { return nil }
