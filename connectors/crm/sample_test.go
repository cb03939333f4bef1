package crm

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/cratio/sutra/connectors"
)

func samples(t *testing.T, f *fixture, n int, seed uint64) map[string]connectors.Table {
	t.Helper()
	out := map[string]connectors.Table{}
	for s, err := range f.src.Sample(context.Background(), n, seed) {
		if err != nil {
			t.Fatal(err)
		}
		out[s.Name] = s
	}
	return out
}

func TestSample(t *testing.T) {
	f := newFixture(t, "Leads: ID!", `
CREATE TABLE leads (
  id INTEGER PRIMARY KEY,
  "Contact Name" TEXT, -- the buyer
  [mob] TEXT /* mobile of the buyer */,
  boss INTEGER REFERENCES leads(id),
  doc JSON
);
CREATE TABLE pairs (a TEXT, b TEXT, c TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE empty (x INT);
CREATE VIEW all_leads AS SELECT * FROM leads;
CREATE VIRTUAL TABLE words USING fts5(body);`)
	for i := range 500 {
		f.exec(`INSERT INTO leads VALUES (?, ?, ?, ?, '{}')`, i*3+1, fmt.Sprint("n", i), nil, 1)
		f.exec(`INSERT INTO pairs VALUES (?, ?, 'c')`, i%7, i)
	}
	before := fileSum(t, f.path)
	got := samples(t, f, 50, 9)
	if fileSum(t, f.path) != before {
		t.Error("sampling changed the file")
	}
	leads, ok := got["Leads"] // as the catalog spells it
	if !ok || leads.Total != 500 || leads.Rows != 50 || len(leads.Columns) != 5 {
		t.Fatalf("%d of %d rows, %d columns", leads.Rows, leads.Total, len(leads.Columns))
	}
	c := leads.Columns
	if c[0].Name != "ID" || !c[0].PrimaryKey || c[1].Comment != "the buyer" || c[2].Comment != "mobile of the buyer" || c[4].Look != connectors.LookJSON {
		t.Errorf("%+v", []any{c[0].Name, c[0].PrimaryKey, c[1].Comment, c[2].Comment, c[4].Look})
	}
	if len(c[3].References) != 1 || c[3].References[0].Collection != "Leads" || c[3].References[0].Field != "ID" {
		t.Errorf("references %+v", c[3].References)
	}
	late := 0
	for _, cell := range c[0].Cells {
		if n, err := strconv.Atoi(cell.Text); err != nil || n > 250*3 {
			late++
		}
	}
	if late < 10 || late > 40 || len(c[2].Cells) != 0 {
		t.Errorf("%d of 50 rows from the second half, %d cells in an empty column", late, len(c[2].Cells))
	}
	if p := got["pairs"]; p.Total != 500 || p.Rows != 50 || !p.Columns[0].PrimaryKey || !p.Columns[1].PrimaryKey {
		t.Errorf("pairs: %d of %d", p.Rows, p.Total)
	}
	if e, ok := got["empty"]; !ok || e.Total != 0 || len(e.Columns) != 1 {
		t.Errorf("empty: %+v", e)
	}
	if w := got["words"]; len(w.Gaps) != 1 {
		t.Error("a search index that may hold copies is no gap")
	}
	if _, ok := got["all_leads"]; ok {
		t.Error("a view was sampled")
	}
	again, other := samples(t, f, 50, 9), samples(t, f, 50, 10)
	same := func(o map[string]connectors.Table) bool {
		return fmt.Sprint(o["Leads"].Columns[0].Cells) == fmt.Sprint(c[0].Cells)
	}
	if !same(again) || same(other) {
		t.Error("the seed does not decide the sample")
	}
}

func fileSum(t *testing.T, path string) [32]byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(data)
}
