package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/cratio/sutra/connectors/connectortest"
)

const mib = 1 << 20

// largeVisit is a row of a large object; its note does not compress.
type largeVisit struct {
	Phone string `parquet:"phone"`
	Note  string `parquet:"note"`
}

// writeLarge writes one object of a kind, of about size bytes, with one visit of
// +919876500000 in its middle and all others of other people.
func writeLarge(path, kind string, size int) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, mib)
	put, end := func(v largeVisit) error { _, err := fmt.Fprintf(w, "%s,%s\n", v.Phone, v.Note); return err }, func() error { return nil }
	rows := size / 1000
	switch kind {
	case "csv":
		_, err = w.WriteString("phone,note\n")
	case "jsonl":
		put = func(v largeVisit) error {
			_, err := fmt.Fprintf(w, "{\"phone\": %q, \"note\": %q}\n", v.Phone, v.Note)
			return err
		}
	case "parquet":
		rows *= 2 // a hexadecimal note takes half of its length
		p := parquet.NewGenericWriter[largeVisit](w, parquet.Compression(&parquet.Zstd), parquet.PageBufferSize(mib), parquet.MaxRowsPerRowGroup(4000))
		put, end = func(v largeVisit) error { _, err := p.Write([]largeVisit{v}); return err }, p.Close
	}
	rng, note := rand.NewChaCha8([32]byte{9}), make([]byte, 480)
	for n := range rows {
		_, nerr := rng.Read(note)
		v := largeVisit{fmt.Sprintf("+9198765%05d", 1+n%99_000), hex.EncodeToString(note)}
		if n == rows/2 {
			v.Phone = "+919876500000"
		}
		err = errors.Join(err, nerr, put(v))
	}
	return errors.Join(err, end(), w.Flush(), f.Close())
}

// moved is what a command moves between the program and a bucket, in bytes.
type moved struct{ down, up int64 }

// oneErasure puts the objects of a folder into a bucket and lets the commands find, copy
// and erase one person in them. It returns what each of them moves.
func oneErasure(t testing.TB, objects, catalog, ident string) map[string]moved {
	t.Helper()
	dir := t.TempDir()
	url := connectortest.Stored(t, "s3", objects)
	meter := connectortest.NewMeter(t, os.Getenv("AWS_ENDPOINT_URL"))
	t.Setenv("AWS_ENDPOINT_URL", meter.URL)
	site, plan := filepath.Join(dir, "site"), filepath.Join(dir, "plan")
	out := map[string]moved{}
	sutra := func(what string, args ...string) {
		t.Helper()
		printed, err := os.Create(filepath.Join(dir, "out"))
		if err != nil {
			t.Fatal(err)
		}
		down, up := meter.Down.Load(), meter.Up.Load()
		code := run(context.Background(), append([]string{"--config", filepath.Join(site, "sutra.yaml"), "--json"}, args...), printed, printed)
		if err := printed.Close(); err != nil {
			t.Fatal(err)
		}
		if code != exitDone {
			text, err := os.ReadFile(printed.Name())
			t.Fatalf("%s ends with %d (%v):\n%s", args[0], code, err, text)
		}
		out[what] = moved{meter.Down.Load() - down, meter.Up.Load() - up}
		t.Logf("%s: %.2f MiB down, %.2f MiB up", what, float64(out[what].down)/mib, float64(out[what].up)/mib)
	}
	sutra("init", "init", site)
	for name, text := range map[string]string{
		"sutra.yaml":   "sources:\n  visits: {connector: files, url: \"" + url + "\", catalog: catalog.yaml, account: A1}\n",
		"catalog.yaml": "dataset:\n  - fides_key: visits\n    collections:\n" + catalog,
	} {
		if err := os.WriteFile(filepath.Join(site, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sutra("scan", "scan")
	sutra("access", "access", ident, "-o", filepath.Join(dir, "her.zip"))
	sutra("erase", "erase", ident, "-o", plan)
	sutra("apply", "apply", plan)
	sutra("verify", "verify")
	sutra("scan again", "scan")
	return out
}

// TestTrafficOfOneErasure counts the bytes that the commands move between the program and
// a bucket, for one record of a large object. A Parquet file is rewritten, proven and
// verified with little of it, a table and lines with one copy to rewrite and one to prove.
// S3 takes no part under 5 MiB, so that a few of them are always sent.
func TestTrafficOfOneErasure(t *testing.T) {
	const size = 40 * mib
	for kind, apply := range map[string]int64{"parquet": 13 * mib, "csv": 2*size + 13*mib, "jsonl": 2*size + 13*mib} {
		t.Run(kind, func(t *testing.T) {
			objects := t.TempDir()
			if err := writeLarge(filepath.Join(objects, "visits."+kind), kind, size); err != nil {
				t.Fatal(err)
			}
			got := oneErasure(t, objects, `      - name: visits
        meta: {sutra: {class: account_crm, erase: delete}}
        fields:
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone}}
          - {name: note}
`, "+919876500000")
			for what, most := range map[string]moved{"access": {4 * mib, mib}, "erase": {mib, mib}, "apply": {apply, 13 * mib}, "verify": {4 * mib, mib}, "scan again": {mib, mib}} {
				if x := got[what]; x.down > most.down || x.up > most.up {
					t.Errorf("%s fetched %d bytes and sent %d", what, x.down, x.up)
				}
			}
		})
	}
}

// BenchmarkTrafficOfOneErasure does the same to the files that make bench-parquet leaves in
// SUTRA_BENCH_FILES, and prints shares of the object.
func BenchmarkTrafficOfOneErasure(b *testing.B) {
	for _, name := range []string{"duckdb.parquet", "arrow.parquet"} {
		b.Run(name, func(b *testing.B) {
			file := filepath.Join(os.Getenv("SUTRA_BENCH_FILES"), name)
			fi, err := os.Stat(file)
			if err != nil {
				b.Fatal("SUTRA_BENCH_FILES names no folder with the files of make bench-parquet: ", err)
			}
			for b.Loop() {
				objects := b.TempDir()
				if err := os.Link(file, filepath.Join(objects, "leads.parquet")); err != nil {
					b.Fatal(err)
				}
				got := oneErasure(b, objects, `      - name: leads
        meta: {sutra: {class: account_crm, recorded_at: created_at, erase: delete}}
        fields:
          - {name: lead_id, meta: {sutra: {link: [bench_lead]}}}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: name, data_categories: [user.name]}
          - {name: note, data_categories: [user.content]}
          - {name: created_at}
`, "bench_lead:lead-002500123")
				for _, what := range []string{"access", "apply", "verify"} {
					b.ReportMetric(100*float64(got[what].down)/float64(fi.Size()), what+"-down-%")
				}
				b.ReportMetric(100*float64(got["apply"].up)/float64(fi.Size()), "apply-up-%")
			}
		})
	}
}
