package blob

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// TestS3Stalled: an answer that stops in the middle ends as a timeout, which is tried
// again; one that comes slowly comes whole, and so does one whose reader is slow.
func TestS3Stalled(t *testing.T) {
	const most = 300 * time.Millisecond
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for range 4 {
			if _, err := w.Write([]byte("part ")); err != nil {
				return
			}
			if err := http.NewResponseController(w).Flush(); err != nil {
				return
			}
			if r.URL.Path == "/stalls" {
				<-done
				return
			}
			time.Sleep(most / 3)
		}
	}))
	defer server.Close()
	defer close(done)
	client := &http.Client{Transport: &stalled{next: http.DefaultTransport, most: most}}
	defer client.CloseIdleConnections()
	get := func(path string, pause time.Duration) (string, error) {
		r, err := client.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(pause)
		data, err := io.ReadAll(r.Body)
		return string(data), errors.Join(err, r.Body.Close())
	}
	for _, pause := range []time.Duration{0, 2 * most} {
		if data, err := get("/slow", pause); err != nil || data != "part part part part " {
			t.Errorf("slow: %q, %v", data, err)
		}
	}
	data, err := get("/stalls", 0)
	if !errors.As(err, new(stalledError)) || data != "part " {
		t.Errorf("stalls: %q, %v", data, err)
	}
	if (retry.RetryableConnectionError{}).IsErrorRetryable(err) != aws.TrueTernary {
		t.Errorf("%v is not tried again", err)
	}
}
