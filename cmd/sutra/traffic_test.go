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

// TestTrafficOfOneErasure counts the bytes that the commands move between the program and
// a bucket, for one record of a large object. A Parquet file is rewritten, proven and
// verified with little of it, a table and lines with one copy to rewrite and one to prove.
// S3 takes no part under 5 MiB, so that a few of them are always sent.
func TestTrafficOfOneErasure(t *testing.T) {
	const size = 40 * mib
	for kind, most := range map[string]struct{ apply int64 }{"parquet": {13 * mib}, "csv": {2*size + 13*mib}, "jsonl": {2*size + 13*mib}} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			objects := filepath.Join(dir, "objects")
			if err := writeLarge(filepath.Join(objects, "visits."+kind), kind, size); err != nil {
				t.Fatal(err)
			}
			url := connectortest.Stored(t, "s3", objects)
			meter := connectortest.NewMeter(t, os.Getenv("AWS_ENDPOINT_URL"))
			t.Setenv("AWS_ENDPOINT_URL", meter.URL)
			site := filepath.Join(dir, "site")
			sutra := func(args ...string) (down, up int64) {
				t.Helper()
				out, err := os.Create(filepath.Join(dir, "out"))
				if err != nil {
					t.Fatal(err)
				}
				down, up = meter.Down.Load(), meter.Up.Load()
				code := run(context.Background(), append([]string{"--config", filepath.Join(site, "sutra.yaml"), "--json"}, args...), out, out)
				if err := out.Close(); err != nil {
					t.Fatal(err)
				}
				if code != exitDone {
					text, err := os.ReadFile(out.Name())
					t.Fatalf("%s ends with %d (%v):\n%s", args[0], code, err, text)
				}
				down, up = meter.Down.Load()-down, meter.Up.Load()-up
				t.Logf("%s: %.2f MiB down, %.2f MiB up", args[0], float64(down)/mib, float64(up)/mib)
				return down, up
			}
			sutra("init", site)
			for name, text := range map[string]string{
				"sutra.yaml": "sources:\n  visits: {connector: files, url: \"" + url + "\", catalog: catalog.yaml, account: A1}\n",
				"catalog.yaml": "dataset:\n  - fides_key: visits\n    collections:\n      - name: visits\n        meta: {sutra: {class: account_crm, erase: delete}}\n        fields:\n" +
					"          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone}}\n          - {name: note}\n",
			} {
				if err := os.WriteFile(filepath.Join(site, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			sutra("scan")
			if down, _ := sutra("access", "+919876500000", "-o", filepath.Join(dir, "her.zip")); down > 4*mib {
				t.Errorf("access fetched %d bytes", down)
			}
			plan := filepath.Join(dir, "plan")
			if down, up := sutra("erase", "+919876500000", "-o", plan); down+up > mib {
				t.Errorf("a plan moved %d bytes", down+up)
			}
			if down, up := sutra("apply", plan); down > most.apply || up > 13*mib {
				t.Errorf("apply fetched %d bytes and sent %d", down, up)
			}
			if down, up := sutra("verify"); down > 4*mib || up > mib {
				t.Errorf("verify fetched %d bytes and sent %d", down, up)
			}
			if down, _ := sutra("scan"); down > mib {
				t.Errorf("a scan of what is known fetched %d bytes", down)
			}
		})
	}
}
