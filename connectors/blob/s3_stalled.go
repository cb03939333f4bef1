package blob

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// A store, or what stands before it, may begin an answer and say nothing more while the
// connection stays open. No limit of the transport ends that: a job would wait for ever.

// stalledAfter is how long an answer that has begun may say nothing.
const stalledAfter = time.Minute

// stalledError is the error of an answer that says nothing any more. It is a timeout, and
// so the call is made again.
type stalledError struct{}

func (stalledError) Error() string { return "the answer began, and nothing more came of it" }

// Timeout makes it one of those that are tried again.
func (stalledError) Timeout() bool { return true }

// stalled is the transport that ends such answers.
type stalled struct {
	next http.RoundTripper
	most time.Duration
}

// RoundTrip implements http.RoundTripper.
func (s *stalled) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	out, err := s.next.RoundTrip(r.WithContext(ctx))
	if err != nil || out.Body == nil {
		cancel()
		return out, err
	}
	b := &answer{ReadCloser: out.Body, cancel: cancel, most: s.most}
	b.timer = time.AfterFunc(s.most, func() {
		b.late.Store(true)
		cancel()
	})
	b.timer.Stop()
	out.Body = b
	return out, nil
}

// CloseIdleConnections lets http.Client close what the transport below keeps open.
func (s *stalled) CloseIdleConnections() {
	if c, ok := s.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// answer is the body of an answer. The time runs while somebody waits for more of it.
type answer struct {
	io.ReadCloser
	cancel context.CancelFunc
	most   time.Duration
	timer  *time.Timer
	late   atomic.Bool
}

// Read implements io.Reader.
func (a *answer) Read(p []byte) (int, error) {
	a.timer.Reset(a.most)
	n, err := a.ReadCloser.Read(p)
	a.timer.Stop()
	if err != nil && err != io.EOF && a.late.Load() {
		err = stalledError{}
	}
	return n, err
}

// Close implements io.Closer.
func (a *answer) Close() error {
	a.timer.Stop()
	defer a.cancel()
	return a.ReadCloser.Close()
}
