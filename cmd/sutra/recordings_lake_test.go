package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cratio/sutra/pipeline/audit"
)

// lake pretends to be a bucket with versions and n call recordings that nobody has to
// store: keys, dates and contents follow from an object's number, and a bit tells
// whether it was deleted. It answers the calls that sutra makes and holds no
// conditions: nothing about concurrent writers can be learned from it.
//
// Every account has 10,000 objects of 50 callers: 500 recordings whose names say
// nothing and which the call log links, 9,000 with the number in their name, and 250
// with a sidecar that tells it.
type lake struct {
	n     int
	today time.Time
	gone  []atomic.Uint64 // a bit an object
	calls atomic.Int64    // requests
	wrong atomic.Int64    // requests that it does not understand, and answers that nobody took
}

const (
	lakeLogs    = 500    // of an account, linked by the call log
	lakeNamed   = 9_000  // by their names
	lakeAccount = 10_000 // objects of an account, the rest of which are in pairs with sidecars
	lakeCallers = 50
	// lakeShort is the account that keeps its recordings for a shorter time, in days.
	lakeShort, lakeShortDays = 1, 30
)

func newLake(n int) *lake {
	return &lake{n: n, today: time.Now().In(audit.IST).Truncate(time.Second), gone: make([]atomic.Uint64, n/64+1)}
}

// lakeObject is what the number of an object says.
type lakeObject struct {
	account, caller int
	kind            byte // 'l' linked by the log, 'n' by its name, 's' by its sidecar, 'j' the sidecar
	at              time.Time
	age             int // in days
}

// at returns the i-th object. Every kind has a tenth of its objects at each of ten ages,
// the oldest first.
func (l *lake) at(i int) lakeObject {
	o := lakeObject{account: i / lakeAccount, kind: 'l'}
	k, of := i%lakeAccount, lakeLogs
	switch {
	case k >= lakeLogs+lakeNamed:
		k, of, o.kind = k-lakeLogs-lakeNamed, lakeAccount-lakeLogs-lakeNamed, 'j'
		if k%2 == 1 {
			o.kind = 's'
		}
		k, of = k/2, of/2
	case k >= lakeLogs:
		k, of, o.kind = k-lakeLogs, lakeNamed, 'n'
	}
	o.caller = k % lakeCallers
	o.age = 95 - 10*(k*10/of)
	o.at = l.today.AddDate(0, 0, -o.age).Add(time.Duration(k%(of/10)) * time.Second)
	return o
}

// key returns the key of the i-th object; keys are in the order of their numbers.
func (l *lake) key(i int) string {
	o := l.at(i)
	stamp := o.at.Format("20060102_150405") + ".000+0530_in"
	switch o.kind {
	case 'l':
		b := []byte("aaaaa")
		for p, k := len(b)-1, i%lakeAccount; k > 0; p, k = p-1, k/26 {
			b[p] = byte('a' + k%26)
		}
		return fmt.Sprintf("calls/A%04d/log/%s.mp3", o.account, b)
	case 'n':
		return fmt.Sprintf("calls/A%04d/name/%s_%s.m4a", o.account, stamp, o.phone())
	case 's':
		return fmt.Sprintf("calls/A%04d/side/%s.m4a", o.account, stamp)
	}
	return fmt.Sprintf("calls/A%04d/side/%s.json", o.account, stamp)
}

func (o lakeObject) phone() string { return fmt.Sprintf("+9198%04d%04d", o.account, o.caller) }

// content is a sidecar; of a recording nobody asks for the bytes.
func (o lakeObject) content() string {
	if o.kind != 'j' {
		return ""
	}
	return fmt.Sprintf(`{"timestamp_unix_ms":%d,"direction":"in","calls":[{"phone_number":"%s","caller_name":"Caller %d"}]}`, o.at.UnixMilli(), o.phone(), o.caller)
}

// due reports whether the period of an object is over.
func (o lakeObject) due() bool { return o.age > 90 || o.account == lakeShort && o.age > lakeShortDays }

func (l *lake) deleted(i int) bool { return l.gone[i/64].Load()&(1<<(i%64)) != 0 }

// from returns the number of the first object whose key is not less than key.
func (l *lake) from(key string) int {
	return sort.Search(l.n, func(i int) bool { return l.key(i) >= key })
}

// find returns the number of a key that is there, or -1.
func (l *lake) find(key string) int {
	if i := l.from(key); i < l.n && l.key(i) == key && !l.deleted(i) {
		return i
	}
	return -1
}

func lakeVersion(i int) string { return fmt.Sprintf("3sL4kqtJlcpXroDTDmJrmSpXd3d%08d", i) }
func lakeTag(i int) string     { return fmt.Sprintf(`"%032x"`, i) }

// start serves the bucket "lake" until the test ends, and points the environment to it.
func (l *lake) start(t testing.TB) {
	srv := httptest.NewServer(l)
	t.Cleanup(srv.Close)
	for k, v := range map[string]string{"AWS_ENDPOINT_URL": srv.URL, "AWS_REGION": "ap-south-1", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"} {
		t.Setenv(k, v)
	}
}

// ServeHTTP implements http.Handler.
func (l *lake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.calls.Add(1)
	key := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/lake"), "/")
	q := r.URL.Query()
	switch {
	case key != "" && (r.Method == http.MethodHead || r.Method == http.MethodGet):
		l.object(w, r, key)
	case key == "" && r.Method == http.MethodHead:
		w.Header().Set("x-amz-bucket-region", "ap-south-1")
	case r.Method == http.MethodPost && q.Has("delete"):
		l.remove(w, r)
	case q.Has("versioning"):
		l.say(w, []byte("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"))
	case q.Has("uploads"):
		l.say(w, []byte("<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>"))
	case q.Has("list-type") && q.Get("delimiter") == "/":
		l.folders(w, q.Get("prefix"))
	case q.Has("versions"):
		most, err := strconv.Atoi(q.Get("max-keys"))
		if err != nil {
			most = 1000
		}
		l.versions(w, q.Get("prefix"), q.Get("key-marker"), most)
	default:
		l.wrong.Add(1)
		w.WriteHeader(http.StatusNotImplemented)
	}
}

// say answers. The program waits for every answer: one that it does not take is wrong.
func (l *lake) say(w io.Writer, text []byte) {
	if _, err := w.Write(text); err != nil {
		l.wrong.Add(1)
	}
}

// object answers a look at one object, or a read of a range of it.
func (l *lake) object(w http.ResponseWriter, r *http.Request, key string) {
	i := l.find(key)
	if i < 0 {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	o := l.at(i)
	w.Header().Set("ETag", lakeTag(i))
	w.Header().Set("x-amz-version-id", lakeVersion(i))
	http.ServeContent(w, r, "", o.at, strings.NewReader(o.content()))
}

// folders lists up to 1000 folders below a prefix.
func (l *lake) folders(w io.Writer, prefix string) {
	page := []byte("<ListBucketResult>")
	for i, n := l.from(prefix), 0; i < l.n && n < 1000 && strings.HasPrefix(l.key(i), prefix); n++ {
		folder, _, below := strings.Cut(l.key(i)[len(prefix):], "/")
		if !below {
			break // objects, which nobody asks for here
		}
		page = fmt.Appendf(page, "<CommonPrefixes><Prefix>%s%s/</Prefix></CommonPrefixes>", prefix, folder)
		i = l.from(prefix + folder + "0") // "0" comes behind "/"
	}
	l.say(w, append(page, "</ListBucketResult>"...))
}

// versions lists a page of the versions that are there.
func (l *lake) versions(w io.Writer, prefix, marker string, most int) {
	i := l.from(max(prefix, marker))
	if i < l.n && marker != "" && l.key(i) == marker {
		i++
	}
	page, last, n := []byte("<ListVersionsResult><EncodingType>url</EncodingType>"), "", 0
	for ; i < l.n && n < most; i++ {
		if l.deleted(i) {
			continue
		}
		key := l.key(i)
		if !strings.HasPrefix(key, prefix) {
			i = l.n
			break
		}
		last, n = strings.ReplaceAll(key, "+", "%2B"), n+1
		o := l.at(i)
		page = append(append(page, "<Version><Key>"...), last...)
		page = append(append(page, "</Key><VersionId>"...), lakeVersion(i)...)
		page = append(append(page, "</VersionId><IsLatest>true</IsLatest><LastModified>"...), o.at.UTC().Format("2006-01-02T15:04:05.000Z")...)
		page = fmt.Appendf(page, "</LastModified><ETag>&quot;%032x&quot;</ETag><Size>%d</Size><StorageClass>STANDARD</StorageClass></Version>", i, max(len(o.content()), 40_000))
	}
	if i < l.n {
		page = fmt.Appendf(page, "<IsTruncated>true</IsTruncated><NextKeyMarker>%s</NextKeyMarker><NextVersionIdMarker>x</NextVersionIdMarker>", last)
	}
	l.say(w, append(page, "</ListVersionsResult>"...))
}

// remove deletes versions by their ids.
func (l *lake) remove(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Object []struct{ Key, VersionId string }
	}
	if err := xml.NewDecoder(r.Body).Decode(&in); err != nil {
		l.wrong.Add(1)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	for _, x := range in.Object {
		i := l.find(x.Key)
		if i < 0 || x.VersionId != lakeVersion(i) {
			l.wrong.Add(1)
			continue
		}
		l.gone[i/64].Or(1 << (i % 64))
	}
	l.say(w, []byte("<DeleteResult></DeleteResult>"))
}
