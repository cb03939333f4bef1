package connectortest

import (
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// Meter stands between a program and a server and counts the bytes that move.
type Meter struct {
	URL      string       // where the program finds the server
	Down, Up atomic.Int64 // bytes from and to the server, headers included
}

// NewMeter starts a meter before the server of a URL, for the length of the test.
func NewMeter(t testing.TB, server string) *Meter {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &Meter{URL: "http://" + l.Addr().String()}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // it was closed
			}
			all.Go(func() { m.pass(t, c, u.Host) })
		}
	})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		all.Wait()
	})
	return m
}

// pass serves one connection until both sides are done with it.
func (m *Meter) pass(t testing.TB, c net.Conn, host string) {
	s, err := net.Dial("tcp", host)
	if err != nil {
		t.Errorf("the meter cannot reach the server: %v", err)
		s = c // closing it ends the program's wait
	}
	var both sync.WaitGroup
	move := func(to, from net.Conn, n *atomic.Int64) {
		// An error is the end of the connection, which the program sees.
		_, _ = io.Copy(tallied{to, n}, from)
		_ = to.Close()
		_ = from.Close()
	}
	if err == nil {
		both.Go(func() { move(c, s, &m.Down) })
		both.Go(func() { move(s, c, &m.Up) })
	}
	both.Wait()
	_ = c.Close()
}

// tallied adds what is written to a count.
type tallied struct {
	io.Writer
	n *atomic.Int64
}

// Write implements io.Writer.
func (c tallied) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n.Add(int64(n))
	return n, err
}
