package blob

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// refusing counts the calls that go through, and answers or does not.
type refusing struct {
	calls int
	err   error
}

func (r *refusing) RoundTrip(*http.Request) (*http.Response, error) {
	r.calls++
	if r.err != nil {
		return nil, r.err
	}
	return &http.Response{StatusCode: 503, Body: io.NopCloser(strings.NewReader(""))}, nil
}

// TestS3Gone: a store without connections is given up after a while, tried now and
// then, and used again as soon as it answers.
func TestS3Gone(t *testing.T) {
	now := time.Unix(0, 0)
	down := &net.OpError{Op: "dial", Err: errors.New("no route to host")}
	next := &refusing{err: down}
	g := &gone{next: next, now: func() time.Time { return now }}
	call := func(after time.Duration, want error, calls int) {
		t.Helper()
		now = now.Add(after)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://127.0.0.1/", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		out, err := g.RoundTrip(r)
		if err == nil {
			err = out.Body.Close()
		}
		if !errors.Is(err, want) {
			t.Errorf("at %s: %v, want %v", now.Sub(time.Unix(0, 0)), err, want)
		}
		if next.calls != calls {
			t.Errorf("at %s: %d calls went through, want %d", now.Sub(time.Unix(0, 0)), next.calls, calls)
		}
	}
	call(0, down, 1)
	call(2*time.Minute, down, 2)
	call(time.Minute, down, 3) // the first that tries again
	call(0, errGone, 3)
	call(14*time.Second, errGone, 3)
	call(time.Second, down, 4)
	call(0, errGone, 4)
	next.err = &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
	call(15*time.Second, next.err, 5)
	next.err = nil
	call(0, nil, 6)
	next.err = down
	call(time.Hour, down, 7) // what failed before does not count
	call(time.Minute, down, 8)
	call(time.Minute, down, 9)
	if err := s3Bare(errGone); !errors.Is(err, errGone) || !strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("told as %v", err)
	}
}
