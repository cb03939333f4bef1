package connectortest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// Wire is the way to an S3 server: an http.RoundTripper that counts what passes
// and fails in chosen ways. The zero value passes everything on.
type Wire struct {
	Base http.RoundTripper // nil means a transport of its own

	up, down, calls atomic.Int64
	mu              sync.Mutex
	faults          []*WireFault
	ops             map[string]int
	own             http.Transport
}

// WireFault makes requests of one operation fail.
type WireFault struct {
	Op    string // the operation's name as S3's reference has it; "" means every one
	Skip  int    // how many of them pass before
	Times int    // how many fail then; negative means all
	How   func(w *Wire, r *http.Request) (*http.Response, error)
}

// Fail adds a fault.
func (w *Wire) Fail(f WireFault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, &f)
}

// Heal removes all faults.
func (w *Wire) Heal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = nil
}

// Bytes returns the bytes of bodies that went up and came down, and forgets them.
func (w *Wire) Bytes() (up, down int64) { return w.up.Swap(0), w.down.Swap(0) }

// Calls returns how many requests of an operation there were; "" means all.
func (w *Wire) Calls(op string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if op == "" {
		return int(w.calls.Load())
	}
	return w.ops[op]
}

// CloseIdleConnections is called by http.Client of the same name.
func (w *Wire) CloseIdleConnections() { w.own.CloseIdleConnections() }

// RoundTrip implements http.RoundTripper.
func (w *Wire) RoundTrip(r *http.Request) (*http.Response, error) {
	op := Operation(r)
	w.calls.Add(1)
	w.mu.Lock()
	if w.ops == nil {
		w.ops = map[string]int{}
	}
	w.ops[op]++
	var hit *WireFault
	for _, f := range w.faults {
		if f.Op != "" && f.Op != op || f.Times == 0 {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		f.Times--
		hit = f
		break
	}
	w.mu.Unlock()
	if hit != nil {
		return hit.How(w, r)
	}
	return w.Pass(r)
}

// Pass makes the request without a fault, and counts it.
func (w *Wire) Pass(r *http.Request) (*http.Response, error) {
	if r.ContentLength > 0 {
		w.up.Add(r.ContentLength)
	}
	var rt http.RoundTripper = &w.own
	if w.Base != nil {
		rt = w.Base
	}
	resp, err := rt.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = &counted{resp.Body, &w.down}
	return resp, nil
}

type counted struct {
	io.ReadCloser
	n *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// Operation names the S3 operation of a request.
func Operation(r *http.Request) string {
	q := r.URL.Query()
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	for _, sub := range []struct{ method, key, name string }{
		{"POST", "uploads", "CreateMultipartUpload"}, {"GET", "uploads", "ListMultipartUploads"}, {"POST", "uploadId", "CompleteMultipartUpload"},
		{"DELETE", "uploadId", "AbortMultipartUpload"}, {"PUT", "uploadId", "UploadPart"}, {"POST", "delete", "DeleteObjects"},
		{"GET", "versions", "ListObjectVersions"}, {"GET", "list-type", "ListObjectsV2"}, {"GET", "versioning", "GetBucketVersioning"},
		{"GET", "location", "GetBucketLocation"}, {"GET", "tagging", "GetObjectTagging"}, {"GET", "acl", "GetObjectAcl"},
		{"GET", "object-lock", "GetObjectLockConfiguration"}, {"GET", "replication", "GetBucketReplication"}, {"GET", "ownershipControls", "GetBucketOwnershipControls"},
	} {
		if _, ok := q[sub.key]; ok && r.Method == sub.method {
			if sub.name == "UploadPart" && r.Header.Get("X-Amz-Copy-Source") != "" {
				return "UploadPartCopy"
			}
			return sub.name
		}
	}
	kind := "Bucket"
	if key != "" {
		kind = "Object"
	}
	return map[string]string{"GET": "Get", "HEAD": "Head", "PUT": "Put", "DELETE": "Delete", "POST": "Post"}[r.Method] + kind
}

// Answer fails with a status and an error code, without asking the server.
func Answer(status int, code string) func(*Wire, *http.Request) (*http.Response, error) {
	return func(_ *Wire, r *http.Request) (*http.Response, error) {
		if err := drain(r); err != nil {
			return nil, err
		}
		body := fmt.Sprintf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>injected</Message></Error>", code)
		if r.Method == http.MethodHead {
			body = ""
		}
		return &http.Response{StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{"Content-Type": {"application/xml"}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
	}
}

// Reset is a connection that breaks before the server hears of the request.
func Reset(*Wire, *http.Request) (*http.Response, error) {
	return nil, errors.New("injected: connection reset by peer")
}

// Lose lets the server do what is asked and loses its answer.
func Lose(w *Wire, r *http.Request) (*http.Response, error) {
	resp, err := w.Pass(r)
	if err != nil {
		return nil, err
	}
	if err := resp.Body.Close(); err != nil {
		return nil, err
	}
	return nil, errors.New("injected: the answer was lost")
}

// Truncate cuts the body of the answer in half.
func Truncate(w *Wire, r *http.Request) (*http.Response, error) {
	resp, err := w.Pass(r)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(data[:len(data)/2]), broken{}))
	return resp, nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Hang answers nothing until the caller gives up.
func Hang(_ *Wire, r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
}

// First does something else before the request passes.
func First(do func()) func(*Wire, *http.Request) (*http.Response, error) {
	return func(w *Wire, r *http.Request) (*http.Response, error) {
		do()
		return w.Pass(r)
	}
}

func drain(r *http.Request) error {
	if r.Body == nil {
		return nil
	}
	_, err := io.Copy(io.Discard, r.Body)
	return errors.Join(err, r.Body.Close())
}

// WithBody gives an answer another body.
func WithBody(resp *http.Response, body string) *http.Response {
	resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	return resp
}
