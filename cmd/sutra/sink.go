package main

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
)

// sink is the standard output. The first write that fails is told on standard error,
// and what comes after it is dropped: half an answer must not look like a whole one.
type sink struct {
	w, stderr io.Writer

	mu  sync.Mutex
	err error
}

// Write implements io.Writer.
func (s *sink) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		if _, err := s.w.Write(b); err != nil {
			s.fail(err)
		}
	}
	return len(b), nil
}

// failed notes that a line could not be made.
func (s *sink) failed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail(err)
}

// fail keeps the first error. Of a reader that left nobody needs to be told.
func (s *sink) fail(err error) {
	if s.err != nil {
		return
	}
	s.err = err
	if !errors.Is(err, syscall.EPIPE) {
		fmt.Fprintln(s.stderr, "sutra: not all of the answer could be printed: "+err.Error())
	}
}

// lost reports that not everything was printed.
func (s *sink) lost() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err != nil
}
