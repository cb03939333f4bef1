package files

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/connectortest"
)

const mib = 1 << 20

// The kinds of large objects whose erasures are metered.
var metered = []string{"csv", "jsonl", "parquet", "wide.parquet"}

// visits calls put with rows that do not compress, about 1 KiB each.
func visits(rows int, put func(n int, phone, note string) error) error {
	rng := rand.NewChaCha8([32]byte{7})
	note := make([]byte, 480)
	for n := range rows {
		if _, err := rng.Read(note); err != nil {
			return err
		}
		if err := put(n, fmt.Sprintf("+9198765%05d", n%100000), hex.EncodeToString(note)); err != nil {
			return err
		}
	}
	return nil
}

// writeLarge writes an object of about size bytes and returns the locator of a
// record in its middle.
func writeLarge(t testing.TB, path, kind string, size int) string {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, mib)
	rows, locator := size/1000, "row "
	switch kind {
	case "csv":
		_, err = w.WriteString("phone,note\n")
		err = errors.Join(err, visits(rows, func(_ int, phone, note string) error {
			_, err := w.WriteString(phone + "," + note + "\n")
			return err
		}))
	case "jsonl":
		locator = "line "
		err = visits(rows, func(_ int, phone, note string) error {
			_, err := fmt.Fprintf(w, "{\"phone\": %q, \"note\": %q}\n", phone, note)
			return err
		})
	case "parquet":
		type visit struct {
			Phone string `parquet:"phone"`
			Note  string `parquet:"note"`
		}
		rows *= 2 // the hexadecimal note takes half of its length
		p := parquet.NewGenericWriter[visit](w, parquet.Compression(&parquet.Zstd), parquet.PageBufferSize(mib), parquet.MaxRowsPerRowGroup(16000))
		err = visits(rows, func(_ int, phone, note string) error {
			_, err := p.Write([]visit{{phone, note}})
			return err
		})
		err = errors.Join(err, p.Close())
	case "wide.parquet": // a row touches a page of each of many columns
		type visit struct {
			Phone string `parquet:"phone"`
			A     string `parquet:"a"`
			B     string `parquet:"b"`
			C     string `parquet:"c"`
			D     string `parquet:"d"`
			E     string `parquet:"e"`
			F     string `parquet:"f"`
			G     string `parquet:"g"`
			H     string `parquet:"h"`
			I     string `parquet:"i"`
			J     string `parquet:"j"`
			K     string `parquet:"k"`
			L     string `parquet:"l"`
		}
		rows *= 2
		p := parquet.NewGenericWriter[visit](w, parquet.Compression(&parquet.Zstd), parquet.PageBufferSize(mib), parquet.MaxRowsPerRowGroup(16000))
		err = visits(rows, func(_ int, phone, n string) error {
			_, err := p.Write([]visit{{Phone: phone, A: n[:80], B: n[80:160], C: n[160:240], D: n[240:320], E: n[320:400], F: n[400:480], G: n[480:560], H: n[560:640], I: n[640:720], J: n[720:800], K: n[800:880], L: n[880:]}})
			return err
		})
		err = errors.Join(err, p.Close())
	}
	if err := errors.Join(err, w.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return locator + strconv.Itoa(rows/2)
}

// traffic is what moved between a program and its bucket.
type traffic struct{ size, down, up int64 }

func (x traffic) String() string {
	return fmt.Sprintf("%d MiB: %.1f MiB down (%.1f %%), %.1f MiB up (%.1f %%)", x.size/mib, float64(x.down)/mib, 100*x.share(x.down), float64(x.up)/mib, 100*x.share(x.up))
}

func (x traffic) share(n int64) float64 { return float64(n) / float64(x.size) }

// eraseOne puts an object of about size bytes into a bucket, deletes one record of
// it and reads one other, and returns what moved for each.
func eraseOne(t testing.TB, kind string, size int) (erased, read traffic) {
	t.Helper()
	ctx := context.Background()
	dir := t.TempDir()
	locator := writeLarge(t, filepath.Join(dir, "visits."+kind), kind, size)
	url := connectortest.Stored(t, "s3", dir)
	meter := connectortest.NewMeter(t, os.Getenv("AWS_ENDPOINT_URL"))
	t.Setenv("AWS_ENDPOINT_URL", meter.URL)
	src, err := Kind().Open(ctx, connectors.Config{Name: "visits", URL: url, Workers: 2, Dataset: connectors.Dataset{Key: "visits", Collections: []connectors.Collection{
		{Name: "visits", Fields: []connectors.CatalogField{{Name: "phone", Identity: "phone", Categories: []string{"user.contact.phone_number"}}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	}()
	var unit connectors.Unit
	for u, err := range src.Units(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		unit = u
	}
	ref := connectors.Ref{Collection: "visits", Unit: unit.Key, Locator: locator}
	for b, err := range src.Read(ctx, unit) { // where a record begins is known from its scan
		if err != nil {
			t.Fatal(err)
		}
		if b.Rows == nil {
			continue
		}
		for row := range int(b.Rows.NumRows()) {
			if loc, _ := connectors.Value(b.Rows, 0, row); loc == locator && len(b.At) > row {
				ref.At = b.At[row]
			}
		}
	}
	move := func(fn func()) traffic {
		down, up := meter.Down.Load(), meter.Up.Load()
		fn()
		return traffic{unit.Size, meter.Down.Load() - down, meter.Up.Load() - up}
	}
	read = move(func() {
		n := 0
		for b, err := range connectors.Pick(ctx, src, unit, []connectors.Ref{ref}) {
			if err != nil {
				t.Fatal(err)
			}
			if b.Rows != nil {
				n += int(b.Rows.NumRows())
			}
		}
		if n == 0 {
			t.Fatal("the record was not found")
		}
	})
	erased = move(func() {
		_, out, err := src.(connectors.Eraser).Erase(ctx, unit, []connectors.Edit{{Collection: "visits", Locator: locator, Action: connectors.Delete}})
		if err != nil || out.Deleted != 1 {
			t.Fatalf("%+v, %v", out, err)
		}
	})
	return erased, read
}

// TestErasingOneRecordMovesLittle counts bytes: what stays as it is is moved inside
// the store. S3 takes no part under 5 MiB, so that a few of them are always sent.
func TestErasingOneRecordMovesLittle(t *testing.T) {
	for _, kind := range metered {
		t.Run(kind, func(t *testing.T) {
			erased, read := eraseOne(t, kind, 48*mib)
			t.Logf("erased %v; read %v", erased, read)
			if erased.up > 13*mib {
				t.Errorf("sent %v", erased)
			}
			if kind == "parquet" && erased.down > 8*mib || kind == "wide.parquet" && erased.down > 12*mib || erased.down > erased.size+13*mib {
				t.Errorf("fetched %v", erased)
			}
			if read.down > 4*mib && (kind != "wide.parquet" || read.down > 9*mib) {
				t.Errorf("a record was read with %v", read)
			}
		})
	}
}

// BenchmarkTraffic prints what erasing one record of a large object moves;
// SUTRA_BENCH_MIB is its size in MiB.
func BenchmarkTraffic(b *testing.B) {
	size, err := strconv.Atoi(os.Getenv("SUTRA_BENCH_MIB"))
	if err != nil {
		size = 400
	}
	for _, kind := range metered {
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				erased, read := eraseOne(b, kind, size*mib)
				fmt.Printf("%s of %s; one record read: %.2f MiB down\n", kind, strings.TrimSpace(erased.String()), float64(read.down)/mib)
				b.ReportMetric(erased.share(erased.down), "down-share")
				b.ReportMetric(erased.share(erased.up), "up-share")
			}
		})
	}
}
