package lineage

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// relieveBytes is after how much that was written to a fresh database its tables are
// taken out of this process's memory.
const relieveBytes = 64 << 20

// relieve takes the tables in a folder out of this process's memory. Badger maps every
// table that it writes, and a load would in the end hold the whole graph, which counts
// as memory of the process although the kernel could take it away. The pages stay in
// the kernel's cache and lose nothing: the mappings are shared.
//
// It is for a database that a stream writer fills and for no other: there no table is
// unmapped meanwhile, so an address cannot come to mean something else.
func relieve(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("look for mapped tables: %w", err)
	}
	maps, err := os.Open("/proc/self/maps")
	if errors.Is(err, os.ErrNotExist) { // not Linux
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for mapped tables: %w", err)
	}
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		start, size, ok := mappedTable(lines.Text(), dir)
		if !ok {
			continue
		}
		if _, _, errno := syscall.Syscall(syscall.SYS_MADVISE, start, size, syscall.MADV_DONTNEED); errno != 0 {
			return errors.Join(fmt.Errorf("take tables out of memory: %w", errno), maps.Close())
		}
	}
	if err := errors.Join(lines.Err(), maps.Close()); err != nil {
		return fmt.Errorf("look for mapped tables: %w", err)
	}
	return nil
}

// mappedTable reads a line of /proc/self/maps. ok is false unless it is a shared
// mapping of a table in the folder.
func mappedTable(line, dir string) (start, size uintptr, ok bool) {
	fields := strings.Fields(line) // addresses, permissions, offset, device, inode, path
	at := strings.Index(line, "/")
	if len(fields) < 6 || at < 0 || len(fields[1]) != 4 || fields[1][3] != 's' {
		return 0, 0, false
	}
	path := line[at:]
	if filepath.Dir(path) != dir || filepath.Ext(path) != ".sst" {
		return 0, 0, false
	}
	from, to, _ := strings.Cut(fields[0], "-")
	a, errA := strconv.ParseUint(from, 16, 64)
	b, errB := strconv.ParseUint(to, 16, 64)
	if errA != nil || errB != nil || b <= a {
		return 0, 0, false
	}
	return uintptr(a), uintptr(b - a), true
}
