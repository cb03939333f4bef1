package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Names of the files of a log inside its folder.
const (
	logName  = "log.ndjson"
	headName = "head.json"
	lockName = "lock"
)

// EventRepaired is the event of the entry that notes the repair of a log whose
// last line was torn by a crash.
const EventRepaired = "log.repaired"

// Log is the tamper-evident log in a folder. It is safe for concurrent use, also
// by several processes.
//
// An append first signs the new head, which carries the new entry, and then
// writes the entry. So the entry survives a crash between the two, and a line
// that stands after the signed head was put there by somebody else.
type Log struct {
	dir    string
	sign   func([]byte) []byte
	verify func(msg, sig []byte) bool

	mu   sync.Mutex
	seen int64 // the log was once this long: it never gets shorter
}

// Open opens the log in dir, which is made when it is not there. Without sign the
// log is read-only and nothing is made. A log that does not match its signed head
// is ErrTampered; what exactly is wrong with it, Verify says.
func Open(dir string, sign func([]byte) []byte, verify func(msg, sig []byte) bool) (*Log, error) {
	if verify == nil {
		return nil, errors.New("open the audit log: no function to verify signatures")
	}
	l := &Log{dir: dir, sign: sign, verify: verify}
	if sign != nil {
		if err := makeDir(dir); err != nil {
			return nil, err
		}
	}
	h, err := l.Head()
	if err != nil {
		return nil, fmt.Errorf("open the audit log: %w", err)
	}
	l.seen = h.N
	return l, nil
}

func (l *Log) path(name string) string { return filepath.Join(l.dir, name) }

// state is a log as it was found on disk.
type state struct {
	head  Head
	start int64 // offset at which the missing part of the log begins
	torn  int64 // bytes after start that do not belong there
	lost  bool  // the last signed entry has to be written again
}

// whole reports whether there is nothing to repair.
func (s state) whole() bool { return s.torn == 0 && !s.lost }

// inspect compares the file with the signed head. Differences that a crash can
// explain are in the state; any other is ErrTampered. The caller holds the lock.
func (l *Log) inspect() (st state, err error) {
	st.head, err = readHead(l.path(headName), l.verify)
	if err != nil && !absent(err) {
		return st, err
	}
	f, err := os.Open(l.path(logName))
	if absent(err) {
		return l.compare(st, nil, 0)
	}
	if err != nil {
		return st, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return st, err
	}
	return l.compare(st, f, info.Size())
}

func (l *Log) compare(st state, f *os.File, size int64) (state, error) {
	want := append(bytes.Clone(st.head.last), '\n')
	st.start = st.head.Bytes - int64(len(want))
	if st.head.N == 0 {
		st.start, want = 0, nil
	}
	if size < st.start {
		return st, fmt.Errorf("the log is shorter than its signed head: %w", ErrTampered)
	}
	if size-st.start > int64(len(want))+maxLine {
		return st, fmt.Errorf("the log is longer than its signed head: %w", ErrTampered)
	}
	have := make([]byte, size-st.start)
	if f != nil {
		if _, err := f.ReadAt(have, st.start); err != nil && err != io.EOF {
			return st, err
		}
	}
	rest, complete := bytes.CutPrefix(have, want)
	switch {
	case complete && bytes.IndexByte(rest, '\n') >= 0:
		return st, fmt.Errorf("entries stand after the signed head: %w", ErrTampered)
	case complete:
		st.start, st.torn = st.head.Bytes, int64(len(rest))
	case bytes.HasPrefix(want, bytes.TrimRight(have, "\x00")): // cut off, or allocated and not written
		st.torn, st.lost = int64(len(have)), true
	default:
		return st, fmt.Errorf("the last entry of the log was changed: %w", ErrTampered)
	}
	return st, nil
}

// locked runs do while no other process writes to the log. For reading, a log
// that nobody ever wrote to needs no lock.
func (l *Log) locked(write bool, do func() error) (err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	flag := os.O_RDONLY
	if write {
		flag = os.O_CREATE | os.O_RDWR
	}
	f, err := os.OpenFile(l.path(lockName), flag, 0o600)
	if absent(err) && !write {
		return do()
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := lockFile(f, true); err != nil {
		return err
	}
	return do()
}

// Append writes one event and makes it durable before it returns. fields hold
// counts, ids and hashes only: values that look personal are refused with
// ErrPersonal. A log that a crash left torn is repaired first, which an entry of
// its own notes. A context that is done stops it before anything is written. An
// append that fails after its entry was signed is completed by the next one.
func (l *Log) Append(ctx context.Context, at time.Time, actor, event string, fields map[string]any) (Entry, error) {
	var e Entry
	if l.sign == nil {
		return e, fmt.Errorf("append to the audit log: %w", ErrReadOnly)
	}
	err := l.locked(true, func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := checkFields(actor, event, fields); err != nil {
			return err
		}
		st, err := l.inspect()
		if err != nil {
			return err
		}
		if st.head.N < l.seen {
			return fmt.Errorf("the log lost entries while it was open: %w", ErrTampered)
		}
		if st, err = l.repair(st, at); err != nil {
			return err
		}
		e, _, err = l.write(st.head, at, actor, event, fields)
		return err
	})
	if err != nil {
		return Entry{}, fmt.Errorf("append to the audit log: %w", err)
	}
	return e, nil
}

// repair completes a torn log and notes that it did.
func (l *Log) repair(st state, at time.Time) (state, error) {
	if st.whole() {
		return st, nil
	}
	line := []byte(nil)
	if st.lost {
		line = append(bytes.Clone(st.head.last), '\n')
	}
	if err := l.put(st.start, line); err != nil {
		return st, fmt.Errorf("repair the torn log: %w", err)
	}
	fields := map[string]any{"torn_bytes": st.torn, "entry_restored": st.lost, "entry": st.head.N}
	_, head, err := l.write(st.head, at, "sutra", EventRepaired, fields)
	return state{head: head}, err
}

// write signs the head with the new entry in it, and then appends the entry.
func (l *Log) write(h Head, at time.Time, actor, event string, fields map[string]any) (Entry, Head, error) {
	line, err := encodeEntry(h.N+1, at, actor, event, fields, h.prevHash())
	if err != nil {
		return Entry{}, h, err
	}
	e, err := decodeEntry(line)
	if err != nil {
		return Entry{}, h, err
	}
	next := h.grow(line, e.Hash)
	if err := writeHead(l.path(headName), next, l.sign); err != nil {
		return Entry{}, h, err
	}
	l.seen = next.N
	return e, next, l.put(h.Bytes, append(bytes.Clone(line), '\n'))
}

// put makes data the end of the log file, from offset on.
func (l *Log) put(offset int64, data []byte) (err error) {
	f, err := os.OpenFile(l.path(logName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.Truncate(offset); err != nil {
		return err
	}
	if _, err := f.WriteAt(data, offset); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if offset == 0 {
		return syncDir(l.dir)
	}
	return nil
}

// Head returns the signed state of the log; its N is 0 for an empty one.
func (l *Log) Head() (h Head, err error) {
	err = l.locked(false, func() error {
		st, err := l.inspect()
		h = st.head
		return err
	})
	return h, err
}
