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

// relieveBytes is after how much that was written to a database its tables are taken out
// of this process's memory.
const relieveBytes = 64 << 20

// mappedBytes is from how much of mapped files in its memory that is done before: what is
// written is merged with what was there, and that is read through the mappings.
const mappedBytes = 256 << 20

// reclaim asks the kernel to take pages as it would if memory were short, as madvise(2)
// numbers it (MADV_PAGEOUT). That loses nothing, whatever the address means by then: a
// table may be unmapped meanwhile. Kernels before 5.4 do not know it.
const reclaim = 21

// relieve takes the tables in a folder out of this process's memory. Badger maps every
// table, and a process that reads all of a graph would in the end hold it whole, which
// counts as its memory although the kernel could take it away. The pages stay in the
// kernel's cache and lose nothing: the mappings are shared.
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
		// An error means an old kernel, or a table that is gone by now.
		syscall.Syscall(syscall.SYS_MADVISE, start, size, reclaim)
	}
	if err := errors.Join(lines.Err(), maps.Close()); err != nil {
		return fmt.Errorf("look for mapped tables: %w", err)
	}
	return nil
}

// grown counts what was written to the database and relieves this process of its
// tables now and then. The caller holds the writer's lock.
func (g *Graph) grown(n int64) error {
	if g.sinceRelief += n; g.sinceRelief < relieveBytes && mapped() < mappedBytes {
		return nil
	}
	g.sinceRelief = 0
	return relieve(filepath.Join(g.dir, graphName))
}

// mapped is how many bytes of mapped files are in this process's memory, 0 where the
// system does not tell.
func mapped() int64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data)) // pages: all, resident, resident of files
	if len(fields) < 3 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
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
