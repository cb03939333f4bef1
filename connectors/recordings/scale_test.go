package recordings

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
)

const perFolder = 10_000

// lake answers the listings of a bucket of n recordings that nobody has to store.
type lake struct {
	n     int
	looks atomic.Int64 // at single objects
}

func lakeKey(i int) string {
	at := time.Date(2026, 1, 1, 0, 0, i%perFolder, 0, time.UTC).Format("20060102_150405")
	return fmt.Sprintf("calls/A%04d/%s.000+0000_in_+9198%08d.m4a", i/perFolder, at, i)
}

// after is the number of the first key behind a marker.
func (l *lake) after(marker string) int {
	if marker == "" {
		return 0
	}
	folder, rest, _ := strings.Cut(strings.TrimPrefix(marker, "calls/A"), "/")
	f, err := strconv.Atoi(folder)
	if err != nil {
		return l.n
	}
	if rest == "" {
		return f * perFolder
	}
	i, err := strconv.Atoi(strings.TrimSuffix(rest[strings.Index(rest, "_+9198")+len("_+9198"):], ".m4a"))
	if err != nil {
		return l.n
	}
	return i + 1
}

// ServeHTTP implements http.Handler.
func (l *lake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodHead && strings.Count(r.URL.Path, "/") > 1:
		l.looks.Add(1)
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodHead:
		w.Header().Set("x-amz-bucket-region", "ap-south-1")
	case q.Has("uploads"):
		fmt.Fprint(w, "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>")
	case q.Has("list-type"):
		fmt.Fprint(w, "<ListBucketResult>")
		if q.Get("prefix") == "calls/" {
			for f := 0; f*perFolder < l.n; f++ {
				fmt.Fprintf(w, "<CommonPrefixes><Prefix>calls/A%04d/</Prefix></CommonPrefixes>", f)
			}
		}
		fmt.Fprint(w, "</ListBucketResult>")
	default:
		from := l.after(q.Get("key-marker"))
		to := min(from+1000, l.n)
		fmt.Fprintf(w, "<ListVersionsResult><IsTruncated>%v</IsTruncated>", to < l.n)
		for i := from; i < to; i++ {
			fmt.Fprintf(w, `<Version><Key>%s</Key><VersionId>3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY%07d</VersionId><IsLatest>true</IsLatest><LastModified>2026-11-25T10:00:00.000Z</LastModified><ETag>&quot;%032d&quot;</ETag><Size>40000</Size><StorageClass>STANDARD</StorageClass></Version>`, lakeKey(i), i, i)
		}
		if to < l.n {
			fmt.Fprintf(w, "<NextKeyMarker>%s</NextKeyMarker><NextVersionIdMarker>x</NextVersionIdMarker>", lakeKey(to-1))
		}
		fmt.Fprint(w, "</ListVersionsResult>")
	}
}

// walkLake lists a bucket of n recordings through the connector and returns the
// most memory that was in use, in bytes over what was before.
func walkLake(t testing.TB, n int) uint64 {
	t.Helper()
	l := &lake{n: n}
	srv := httptest.NewServer(l)
	defer srv.Close()
	t.Setenv("AWS_ENDPOINT_URL", srv.URL)
	t.Setenv("AWS_REGION", "ap-south-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "k")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	store, err := blob.Open(context.Background(), "s3://lake/calls/")
	if err != nil {
		t.Fatal(err)
	}
	s := newSource(store, connectors.Config{Name: "recordings", Account: connectors.AccountRule{Segment: 1}}, memory.DefaultAllocator)
	defer s.Close()
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before, most := m.HeapAlloc, uint64(0)
	i, last := 0, ""
	for u, err := range s.Units(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if u.Key <= last || "calls/"+u.Key != lakeKey(i) || u.Account != u.Key[:5] {
			t.Fatalf("unit %d is %+v behind %s", i, u, last)
		}
		last = u.Key
		if i%10 == 0 {
			for b, err := range s.Read(context.Background(), u) { // as a scan does
				if err != nil || b.Rows.NumRows() != 1 {
					t.Fatalf("unit %d: %v", i, err)
				}
			}
		}
		if i++; i%20_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	if i != n {
		t.Fatalf("%d units of %d", i, n)
	}
	if looks := l.looks.Load(); looks > 0 {
		t.Errorf("%d objects were looked at one by one, although their names tell all", looks)
	}
	return most - min(before, most)
}

// TestUnitsAreStreamed lists more recordings than the memory that it allows would
// hold, and finds each of them once and in order.
func TestUnitsAreStreamed(t *testing.T) {
	const n = 100_000
	if most := walkLake(t, n); most > 24<<20 {
		t.Errorf("%d MiB are held while %d recordings are listed", most>>20, n)
	}
}

// BenchmarkListMillion lists a million recordings: keys/s on one machine that is
// both the server and the client, and the most memory in use.
func BenchmarkListMillion(b *testing.B) {
	const n = 1_000_000
	var most uint64
	for b.Loop() {
		most = max(most, walkLake(b, n))
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "keys/s")
	b.ReportMetric(float64(most)/(1<<20), "live-MiB")
}
