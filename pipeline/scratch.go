package pipeline

import (
	"bufio"
	"errors"
	"fmt"
	"os"
)

// scratch is a nameless file of the state folder for what a job cannot hold in memory.
// Every piece of it is sealed; nothing of it outlives the job.
type scratch struct {
	f      *os.File
	w      *bufio.Writer
	at     int64
	seal   func([]byte) []byte
	unseal func([]byte) ([]byte, error)
}

// span is where a piece stands in a scratch.
type span struct {
	at int64
	n  int32
}

func (s *Site) newScratch() (*scratch, error) {
	f, err := os.CreateTemp(s.Config.State, "scratch-*.tmp")
	if err != nil {
		return nil, fmt.Errorf("make a scratch file: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil { // the open file lives on; nothing is left behind
		return nil, fmt.Errorf("make a scratch file: %w", errors.Join(err, f.Close()))
	}
	return &scratch{f: f, w: bufio.NewWriterSize(f, 1<<16), seal: s.Graph.Seal, unseal: s.Graph.Unseal}, nil
}

// put appends a piece.
func (s *scratch) put(data []byte) (span, error) {
	sealed := s.seal(data)
	if _, err := s.w.Write(sealed); err != nil {
		return span{}, fmt.Errorf("write a scratch file: %w", err)
	}
	p := span{s.at, int32(len(sealed))}
	s.at += int64(len(sealed))
	return p, nil
}

// read returns a piece as it was put.
func (s *scratch) read(p span) ([]byte, error) {
	if err := s.w.Flush(); err != nil {
		return nil, fmt.Errorf("write a scratch file: %w", err)
	}
	buf := make([]byte, p.n)
	if _, err := s.f.ReadAt(buf, p.at); err != nil {
		return nil, fmt.Errorf("read a scratch file: %w", err)
	}
	return s.unseal(buf)
}

// close gives the file back.
func (s *scratch) close() error { return s.f.Close() }
