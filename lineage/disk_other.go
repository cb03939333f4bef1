//go:build !linux

package lineage

import "os"

// readCached reads nothing.
func readCached(*os.File, []byte, int64) bool { return false }

// readAhead does nothing.
func readAhead(*os.File, int64, int64) {}
