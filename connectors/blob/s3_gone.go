package blob

import (
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// A store that is switched off, or behind a wall, lets every connection run into its
// time limit. A job that has a hundred thousand objects to ask for would wait for weeks
// to say so of each. So a store that nobody could connect to for a while is given up:
// calls fail at once, but for one now and then that finds out whether it is back.

// errGone is the reason that is told of a store that was given up.
var errGone = errors.New("nobody has answered for minutes: it is not asked again for a while")

const (
	goneAfter = 3 * time.Minute  // without a connection a store is given up
	goneProbe = 15 * time.Second // between two calls that try again
)

// gone is the transport that gives up. It is safe for concurrent use.
type gone struct {
	next http.RoundTripper
	now  func() time.Time

	mu    sync.Mutex
	since time.Time // of the first connection that failed after the last that did not; zero when there is none
	probe time.Time // when the store may be asked again
}

// RoundTrip implements http.RoundTripper.
func (g *gone) RoundTrip(r *http.Request) (*http.Response, error) {
	if !g.asks() {
		if r.Body != nil {
			return nil, errors.Join(errGone, r.Body.Close())
		}
		return nil, errGone
	}
	out, err := g.next.RoundTrip(r)
	if r.Context().Err() == nil {
		g.learn(err)
	}
	return out, err
}

// asks reports whether a call may go through.
func (g *gone) asks() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	if g.since.IsZero() || now.Sub(g.since) < goneAfter {
		return true
	}
	if now.Before(g.probe) {
		return false
	}
	g.probe = now.Add(goneProbe)
	return true
}

// learn takes note of how a call ended. Whatever comes after a connection was made is an
// answer, a broken one too.
func (g *gone) learn(err error) {
	var op *net.OpError
	unconnected := errors.As(err, &op) && op.Op == "dial"
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !unconnected:
		g.since = time.Time{}
	case g.since.IsZero():
		g.since = g.now()
	}
}

// CloseIdleConnections lets http.Client close what the transport below keeps open.
func (g *gone) CloseIdleConnections() {
	if c, ok := g.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
