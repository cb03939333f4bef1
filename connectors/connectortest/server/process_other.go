//go:build !linux

package server

import "os/exec"

// apply does nothing: only Linux can tie a program to its starter and to another
// account, and elsewhere tests do not run as root.
func (a account) apply(*exec.Cmd) {}
