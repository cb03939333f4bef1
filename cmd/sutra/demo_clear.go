package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// clearDemo takes the world of an earlier demo out of a folder, and refuses one that holds
// anything else. The folder itself stays: it may be the one where the user stands. What tells
// that it is a demo goes last, so that whoever interrupts this can begin again.
func clearDemo(dir string) error {
	const mark = "truth"
	list, err := os.ReadDir(dir)
	if err != nil || len(list) == 0 {
		return nil // there is none: making it tells what is wrong
	}
	if _, err := os.Stat(filepath.Join(dir, mark, "world.json")); err != nil {
		return usageError{fmt.Errorf("%s is not empty and is no demo world; name another folder", dir)}
	}
	last := func(e os.DirEntry) bool { return e.Name() == mark }
	slices.SortStableFunc(list, func(a, b os.DirEntry) int {
		switch {
		case last(a):
			return 1
		case last(b):
			return -1
		}
		return 0
	})
	for _, e := range list {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("clear the old demo world away: %w", err)
		}
	}
	return nil
}
