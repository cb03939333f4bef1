package audit

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
)

// journalLine is what is sealed. Plan and number stand in it, so that a line can
// neither be moved nor brought over from another plan.
type journalLine struct {
	Plan   string `json:"plan"`
	N      int64  `json:"n"` // from 0
	Step   int    `json:"step"`
	More   int    `json:"more,omitempty"` // so many steps that follow it came as far
	State  State  `json:"state"`
	Detail []byte `json:"detail,omitempty"`
}

// run is how many of the first records fit in one line: steps that follow each other,
// came equally far and need no detail.
func run(records []Record) int {
	n := 1
	for n < len(records) && records[n].Step == records[0].Step+n && records[n].State == records[0].State && len(records[0].Detail)+len(records[n].Detail) == 0 {
		n++
	}
	return n
}

// sealLine returns the line of a [run] of records, with its newline.
func sealLine(plan string, n int64, run []Record, seal func([]byte) []byte) ([]byte, error) {
	b, err := json.Marshal(journalLine{plan, n, run[0].Step, len(run) - 1, run[0].State, run[0].Detail})
	if err != nil {
		return nil, err
	}
	sealed := seal(b)
	if len(sealed) == 0 {
		return nil, errors.New("the line could not be sealed")
	}
	return append(base64.StdEncoding.AppendEncode(nil, sealed), '\n'), nil
}

// openLine is the inverse of sealLine for the n-th line of a plan. It returns the first
// record of the run and how many more there are.
func openLine(line []byte, plan string, n int64, unseal func([]byte) ([]byte, error)) (Record, int, error) {
	sealed, err := base64.StdEncoding.Strict().AppendDecode(nil, line)
	if err != nil {
		return Record{}, 0, fmt.Errorf("line %d: %w", n+1, ErrJournal)
	}
	b, err := unseal(sealed)
	if err != nil {
		return Record{}, 0, fmt.Errorf("line %d: %w", n+1, ErrJournal)
	}
	var l journalLine
	if json.Unmarshal(b, &l) != nil || l.Plan != plan || l.N != n {
		return Record{}, 0, fmt.Errorf("line %d: %w", n+1, ErrJournal)
	}
	end := l.Step == finishStep && l.State == finished
	if !end && (l.Step < 0 || !l.State.valid()) || l.More < 0 || l.More > math.MaxInt32-max(l.Step, 0) {
		return Record{}, 0, fmt.Errorf("line %d: %w", n+1, ErrJournal)
	}
	return Record{l.Step, l.State, l.Detail}, l.More, nil
}

// replay calls f with every complete line and returns their length in bytes. A
// last line is torn, and left out, when its newline is missing or when it holds
// the zeros that a crash leaves in a file that had grown but was not yet written.
func replay(r io.Reader, f func(line []byte) error) (size int64, err error) {
	br := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := br.ReadBytes('\n')
		if err == io.EOF {
			return size, nil
		}
		if err != nil {
			return size, err
		}
		if bytes.IndexByte(line, 0) >= 0 {
			if _, err := br.Peek(1); err == io.EOF {
				return size, nil
			}
		}
		if err := f(line[:len(line)-1]); err != nil {
			return size, err
		}
		size += int64(len(line))
	}
}
