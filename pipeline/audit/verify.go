package audit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/mod/sumdb/tlog"
)

// The ways in which a log can be broken.
const (
	BreakChanged   = "changed"   // an entry is not what was written
	BreakRemoved   = "removed"   // an entry is missing in the middle
	BreakReordered = "reordered" // an entry stands where another belongs
	BreakTruncated = "truncated" // entries are missing at the end
	BreakExtra     = "extra"     // entries stand after the signed head
	BreakHead      = "head"      // the signed head is missing, or its signature is wrong
	BreakAnchor    = "anchor"    // the log is not the one that a certificate was issued under
)

// Anchor is a place in the log that other evidence refers to.
type Anchor struct {
	Seq       int64  `json:"seq"`
	EntryHash string `json:"entry_hash"` // hex
	Root      string `json:"root"`       // Merkle tree head over entries 1 to Seq, base64
}

// LogReport is what Verify found.
type LogReport struct {
	OK      bool   `json:"ok"`
	Entries int64  `json:"entries"`         // complete entries in the file
	Signed  int64  `json:"signed"`          // entries under the signed head
	Root    string `json:"root"`            // the signed tree head, base64
	Torn    bool   `json:"torn,omitempty"`  // a crash tore the last line; it is signed, and the next append repairs it
	BreakAt int64  `json:"break,omitempty"` // the first seq at which the log is broken; 0 when it is whole
	Kind    string `json:"kind,omitempty"`  // one of the Break constants
	Note    string `json:"note,omitempty"`  // for a person
}

func (r *LogReport) broken(at int64, kind, note string, args ...any) {
	if r.Kind == "" {
		r.OK, r.BreakAt, r.Kind, r.Note = false, at, kind, fmt.Sprintf(note, args...)
	}
}

// Entries returns up to limit entries from seq from on (1 is the first); a limit
// of 0 or less means all. It decodes and checks each entry it returns, but only
// Verify says whether the log as a whole is what it was. Of a torn last line it
// returns the signed entry.
func (l *Log) Entries(from int64, limit int) (out []Entry, err error) {
	err = l.locked(false, func() error {
		st, err := l.inspect()
		if err != nil {
			return err
		}
		n := int64(0)
		err = l.lines(func(line []byte) (bool, error) {
			if n++; n < from {
				return true, nil
			}
			e, err := decodeEntry(line)
			if err != nil {
				return false, fmt.Errorf("entry %d: %w: %w", n, err, ErrTampered)
			}
			out = append(out, e)
			return limit <= 0 || len(out) < limit, nil
		})
		if err != nil || !st.lost || n != st.head.N-1 || st.head.N < from || limit > 0 && len(out) >= limit {
			return err
		}
		e, err := decodeEntry(st.head.last)
		out = append(out, e)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	return out, nil
}

// Has reports whether the log holds an event with a text among its fields. The last entry
// counts only when it is whole in the file.
func (l *Log) Has(event, field, text string) (found bool, err error) {
	err = l.Each(func(e Entry) bool {
		found = e.Event == event && e.Fields[field] == text
		return !found
	})
	return found && err == nil, err
}

// Each calls f with every entry, in order, until it says false. The last one counts only
// when it is whole in the file. An entry that was changed ends it with ErrTampered; one
// that is whole by itself, and not the one that stood there, is for Verify to find.
func (l *Log) Each(f func(Entry) bool) error {
	err := l.locked(false, func() error {
		return l.lines(func(line []byte) (bool, error) {
			e, err := decodeEntry(line)
			if err != nil {
				return false, fmt.Errorf("%w: %w", err, ErrTampered)
			}
			return f(e), nil
		})
	})
	if err != nil {
		return fmt.Errorf("read the audit log: %w", err)
	}
	return nil
}

// lines calls f with every complete line of the log until it says false.
func (l *Log) lines(f func(line []byte) (bool, error)) (err error) {
	file, err := os.Open(l.path(logName))
	if absent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	r := bufio.NewReaderSize(file, maxLine+1)
	for {
		line, err := r.ReadSlice('\n')
		if err == io.EOF {
			return nil
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			return fmt.Errorf("a line is longer than any entry: %w", ErrTampered)
		}
		if err != nil {
			return err
		}
		if more, err := f(line[:len(line)-1]); err != nil || !more {
			return err
		}
	}
}

// Verify walks the whole log and compares it with its signed head and with the
// anchors given. The error is for a log that cannot be read; a log that was
// tampered with is a report whose OK is false, which names the first seq that is
// not as it was. When entries were changed and all hashes after them recomputed,
// that is the first seq of the smallest signed subtree that differs.
func (l *Log) Verify(anchors ...Anchor) (rep LogReport, err error) {
	err = l.locked(false, func() error {
		rep, err = l.verifyAll(anchors)
		return err
	})
	if err != nil {
		return LogReport{}, fmt.Errorf("verify the audit log: %w", err)
	}
	return rep, nil
}

func (l *Log) verifyAll(anchors []Anchor) (LogReport, error) {
	rep := LogReport{OK: true}
	st, broken := l.inspect()
	if broken != nil && !errors.Is(broken, ErrTampered) {
		return rep, broken
	}
	rep.Signed = st.head.N
	if st.head.N > 0 {
		rep.Root = st.head.Root.String()
	}
	w := walker{rep: &rep, anchors: anchors, prev: zeroHash, stop: st.head.N}
	if err := l.lines(w.line); err != nil && !errors.Is(err, ErrTampered) {
		return rep, err
	} else if err != nil {
		rep.broken(w.n+1, BreakChanged, "entry %d is no log entry", w.n+1)
	}
	rep.Entries = w.n
	if broken == nil && st.lost && rep.OK && w.n == st.head.N-1 {
		if _, err := w.line(st.head.last); err != nil {
			return rep, err
		}
	}
	rep.Torn = broken == nil && !st.whole()
	if w.missing > 0 {
		w.explainGap()
	}
	w.finish(st.head, broken)
	return rep, nil
}

// walker follows the chain and grows the tree.
type walker struct {
	rep     *LogReport
	anchors []Anchor
	prev    string
	n       int64 // lines seen
	stop    int64 // entries under the signed head
	peaks   []tlog.Hash
	missing int64 // the seq that was expected where another stood
	later   bool  // it was seen further down
}

func (w *walker) line(line []byte) (bool, error) {
	w.n++
	e, err := decodeEntry(line)
	switch {
	case w.missing > 0:
		w.later = w.later || err == nil && e.Seq == w.missing
	case !w.rep.OK || w.n > w.stop && w.stop > 0:
	case err != nil:
		w.rep.broken(w.n, BreakChanged, "entry %d: %s", w.n, err)
	case e.Seq > w.n:
		w.missing = w.n
	case e.Seq < w.n:
		w.rep.broken(w.n, BreakReordered, "entry %d stands where entry %d belongs", e.Seq, w.n)
	case e.Prev != w.prev:
		w.rep.broken(w.n, BreakChanged, "entry %d does not follow from the entry before it", w.n)
	default:
		w.prev = e.Hash
		w.peaks = addLeaf(w.peaks, w.n-1, tlog.RecordHash(line))
		w.anchored(e)
	}
	return true, nil
}

func (w *walker) explainGap() {
	if w.later {
		w.rep.broken(w.missing, BreakReordered, "entry %d stands further down", w.missing)
		return
	}
	w.rep.broken(w.missing, BreakRemoved, "entry %d is missing", w.missing)
}

func (w *walker) anchored(e Entry) {
	for _, a := range w.anchors {
		if a.Seq == e.Seq && (a.EntryHash != e.Hash || a.Root != rootOf(w.peaks).String()) {
			w.rep.broken(e.Seq, BreakAnchor, "entry %d is not the one that a certificate refers to", e.Seq)
		}
	}
}

// finish compares what was walked with the signed head.
func (w *walker) finish(h Head, broken error) {
	switch {
	case h.N == 0 && (broken != nil || w.n > 0):
		w.rep.broken(1, BreakHead, "the log has no valid signed head")
	case w.rep.OK && w.n < h.N:
		w.rep.broken(w.n+1, BreakTruncated, "the log ends after entry %d, its signed head says %d", w.n, h.N)
	case w.rep.OK && rootOf(w.peaks) != h.Root:
		lo, hi := firstDifference(w.peaks, h.peaks, h.N)
		w.rep.broken(lo, BreakChanged, "an entry between %d and %d was changed and every later hash recomputed", lo, hi)
	case w.rep.OK && w.n > h.N:
		w.rep.broken(h.N+1, BreakExtra, "entries stand after the signed head, which says %d", h.N)
	case w.rep.OK && broken != nil:
		w.rep.broken(h.N, BreakChanged, "the end of the log is not what was signed")
	}
	for _, a := range w.anchors {
		if a.Seq < 1 || a.Seq > h.N {
			w.rep.broken(h.N+1, BreakAnchor, "a certificate refers to entry %d, the log has %d", a.Seq, h.N)
		}
	}
}
