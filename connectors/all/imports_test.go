package all_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/all"
	"github.com/cratio/sutra/connectors/connectortest"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/config"
	"github.com/cratio/sutra/pipeline/extract"
	"github.com/cratio/sutra/pipeline/policy"
)

var update = flag.Bool("update", false, "write the golden files anew")

// imports are the connectors of known formats; each has fixtures under its own
// testdata, and a golden file of what is found in them.
var imports = []struct {
	kind              string
	records, gaps     int
	collection, field string // a column to redact
	victim            string // the unit whose first record is deleted
}{
	{"ga4", 19, 0, "events", "user_pseudo_id", "A1/events_3.parquet"},
	{"indiamart", 20, 1, "leads", "SENDER_NAME", "A1/pull.json"},
	{"justdial", 15, 1, "leads", "name", "A1/query.log"},
	{"facebook", 17, 0, "leads", "email", "A1/leads_utf16.csv"},
	{"google", 21, 0, "contacts", "email", "A1/contacts.csv"},
	{"whatsapp", 85, 1, "messages", "text", "A1/webhook/pair.json"},
}

// dataset is the catalog that a connector brings.
func dataset(t testing.TB, kind string) connectors.Dataset {
	t.Helper()
	list, warnings, err := config.ParseCatalog(kind+"/catalog.yaml", all.Kinds()[kind].Catalog)
	if err != nil || len(warnings) > 0 || len(list) != 1 {
		t.Fatalf("catalog of %s: %v, %v", kind, warnings, err)
	}
	return list[0]
}

func openImport(t testing.TB, kind, scheme string) connectors.Source {
	t.Helper()
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS(filepath.Join("..", kind, "testdata", "fixture"))); err != nil {
		t.Fatal(err)
	}
	s, err := all.Kinds()[kind].Open(context.Background(), connectors.Config{Name: kind, URL: connectortest.Stored(t, scheme, root), Dataset: dataset(t, kind), Account: connectors.AccountRule{Segment: 1}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestImportsConform(t *testing.T) {
	for _, tt := range imports {
		for _, scheme := range connectortest.Stores {
			t.Run(tt.kind+"/"+scheme, func(t *testing.T) {
				connectortest.Run(t, connectortest.Suite{
					Open:       func(t testing.TB) connectors.Source { return openImport(t, tt.kind, scheme) },
					MinRecords: tt.records, Gaps: tt.gaps, Collection: tt.collection, Field: tt.field,
					Victim: func(r connectortest.Record) bool { return r.Unit == tt.victim },
				})
			})
		}
	}
}

// plainHasher keeps what it hashed, so that the golden files can be read.
type plainHasher map[lineage.Token]string

func (h plainHasher) Token(kind, value string) lineage.Token {
	sum := sha256.Sum256([]byte(kind + "\x00" + value))
	t := lineage.Token(sum[:len(lineage.Token{})])
	h[t] = kind + ":" + value
	return t
}

func (h plainHasher) Word(s string) uint32 {
	sum := sha256.Sum256([]byte(s))
	return binary.BigEndian.Uint32(sum[:])
}

func (h plainHasher) Sum([]byte) uint64 { return 1 }

// TestImportsGolden compares what the connectors read, and what is found in it,
// with the golden files.
func TestImportsGolden(t *testing.T) {
	for _, tt := range imports {
		t.Run(tt.kind, func(t *testing.T) {
			got := dump(t, tt.kind)
			file := filepath.Join("..", tt.kind, "testdata", "golden.txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("found is other than what %s says:\n%s", file, diff)
			}
			if strings.Contains(got, "hush-hush") {
				t.Error("the shared secret of the lead form was handed on")
			}
		})
	}
}

var roleNames = map[lineage.Role]string{lineage.Subject: "subject", lineage.Mention: "mention", lineage.Link: "link", lineage.Key: "key",
	lineage.Member: "member", lineage.Merged: "merged", lineage.Own: "own", lineage.Party: "party"}

func dump(t *testing.T, kind string) string {
	h := plainHasher{}
	x := extract.Extractor{Hash: h, Dates: func(s string) (time.Time, lineage.Date, bool) {
		at, _, d, ok := policy.ParseDate(s)
		return at, d, ok
	}}
	ds, s := dataset(t, kind), openImport(t, kind, "file")
	var b strings.Builder
	for u, err := range s.Units(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "== %s\n", u.Key)
		for batch, err := range s.Read(context.Background(), u) {
			if err != nil {
				t.Fatalf("%s: %v", u.Key, err)
			}
			for _, g := range batch.Gaps {
				fmt.Fprintf(&b, "gap %s: %s\n", g.Locator, g.Reason)
			}
			for _, text := range slices.Sorted(maps.Keys(batch.Notes)) {
				fmt.Fprintf(&b, "note %d × %s\n", batch.Notes[text], text)
			}
			coll, _ := ds.Collection(batch.Collection)
			for _, f := range x.Batch(ds.Key, coll, u, batch, false) {
				fmt.Fprintf(&b, "%s %s %s\n", f.Collection, f.Locator, f.Within)
				if !f.RecordedAt.IsZero() {
					fmt.Fprintf(&b, "  at %s\n", f.RecordedAt.UTC().Format(time.RFC3339))
				}
				for _, e := range f.Edges {
					weak := map[bool]string{true: " weak"}[e.Weak]
					fmt.Fprintf(&b, "  %s %s%s\n", roleNames[e.Role], h[e.Token], weak)
				}
				if len(f.Names) > 0 {
					fmt.Fprintf(&b, "  names %d\n", len(f.Names))
				}
				if len(f.Labels) > 0 {
					fmt.Fprintf(&b, "  labels %d\n", len(f.Labels))
				}
				for _, k := range slices.Sorted(maps.Keys(f.Facts)) {
					fmt.Fprintf(&b, "  fact %s = %s\n", k, f.Facts[k])
				}
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
