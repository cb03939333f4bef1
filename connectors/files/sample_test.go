package files

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
)

func write(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for key, data := range files {
		p := filepath.Join(root, key)
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(data), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func sampleOf(t *testing.T, root string, ds connectors.Dataset, n int) (map[string]connectors.Table, []connectors.TableGap) {
	t.Helper()
	s, err := Kind().Open(context.Background(), connectors.Config{Name: "f", URL: "file:" + root, Dataset: ds, Explore: true})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]connectors.Table{}
	var gaps []connectors.TableGap
	for tab, err := range s.(connectors.Sampler).Sample(context.Background(), n, 3) {
		if err != nil {
			t.Fatal(err)
		}
		gaps = append(gaps, tab.Gaps...)
		if tab.Name != "" && len(tab.Columns) > 0 {
			if _, twice := out[tab.Name]; twice {
				t.Errorf("collection %s was proposed twice", tab.Name)
			}
			out[tab.Name] = tab
		}
	}
	return out, gaps
}

func names(t connectors.Table) string {
	var out []string
	for _, c := range t.Columns {
		out = append(out, c.Name)
	}
	slices.Sort(out)
	return strings.Join(out, ",")
}

func TestSampleProposesCollections(t *testing.T) {
	objects := map[string]string{
		"people.csv": "name,email\nAsha,a@example.com\n", "mixed/calls.tsv": "from\tto\n1\t2\n",
		"mixed/leads-1.csv": "a,b,c\n1,2,3\n", "mixed/leads-2.CSV": "a,b,c,d\n1,2,3,4\n", "mixed/orders.csv": "order,amount\n1,2\n",
		"events/x.jsonl":       `{"id":1,"user":{"mail":"u@example.com"}}` + "\n" + `{"id":2,"k":1}` + "\n",
		"raw/9820145678/a.csv": "h\n1\n", "bare/list.csv": "Asha Verma,9820145678\nBela Jain,9820145679\n", "calls/a.mp3": "x", "torn/t.parquet": "PAR1",
	}
	for i := range 12 {
		objects[fmt.Sprintf("tenants/t%c/leads.csv", 'a'+i)] = "x,y\n1,2\n"
	}
	got, gaps := sampleOf(t, write(t, objects), connectors.Dataset{}, 100)
	for name, want := range map[string]string{
		"people": "name,email|people.csv", "mixed": "from,to|mixed/*.tsv", "leads": "a,b,c,d|mixed/leads-*.CSV,mixed/leads-*.csv", "orders": "amount,order|mixed/orders.csv",
		"events": "id,k,sutra.rest,user|events/*.jsonl", "raw": "h|raw/*/*.csv", "bare": "column 1,column 2|bare/*.csv", "tenants": "x,y|tenants/*/*.csv",
	} {
		tab, ok := got[name]
		if !ok {
			t.Errorf("no collection %s", name)
			continue
		}
		cols, globs, _ := strings.Cut(want, "|")
		if name == "events" {
			cols = "sutra.rest" // the members are in it
		}
		if strings.Join(tab.Path, ",") != globs || name != "people" && names(tab) != cols {
			t.Errorf("%s: columns %s, paths %v", name, names(tab), tab.Path)
		}
	}
	if len(got) != 8 || got["tenants"].Objects != 12 || got["tenants"].Total != 12 {
		t.Errorf("%d collections, %d objects of tenants", len(got), got["tenants"].Objects)
	}
	var units []string
	for _, g := range gaps {
		units = append(units, g.Unit)
	}
	slices.Sort(units)
	if want := "bare/list.csv calls/*.mp3 torn/t.parquet"; strings.Join(units, " ") != want {
		t.Errorf("gaps %q, want %q", units, want)
	}
}

// Objects of the catalog's collections stay theirs; the others are proposed.
func TestSampleWithCatalog(t *testing.T) {
	ds := connectors.Dataset{Key: "f", Collections: []connectors.Collection{{Name: "leads", Path: []string{"in/*.csv"}, Fields: []connectors.CatalogField{{Name: "Phone", Identity: "phone"}}}}}
	got, gaps := sampleOf(t, write(t, map[string]string{"in/a.csv": "phone,x\n1,2\n", "in/b.csv": "q\n1\n", "leads.csv": "z\n1\n"}), ds, 10)
	if len(got) != 2 || len(gaps) != 1 || gaps[0].Unit != "in/b.csv" || names(got["leads"]) != "Phone,q,x" || names(got["leads_2"]) != "z" {
		t.Errorf("%v %v", got, gaps)
	}
}

// The draw goes over all rows of all chosen objects, and over all objects.
func TestSampleIsNoHead(t *testing.T) {
	objects := map[string]string{}
	for f := range 40 {
		var b strings.Builder
		b.WriteString("n\n")
		for i := range 100 {
			fmt.Fprintf(&b, "%d\n", f*100+i)
		}
		objects[fmt.Sprintf("d/part-%02d.csv", f)] = b.String()
	}
	got, _ := sampleOf(t, write(t, objects), connectors.Dataset{}, 64)
	tab := got["d"]
	if tab.Objects != 40 || tab.Read != maxObjects || tab.Total != 100*maxObjects || tab.Rows != 64 {
		t.Fatalf("%d of %d objects, %d of %d rows", tab.Read, tab.Objects, tab.Rows, tab.Total)
	}
	files, late := map[string]bool{}, 0
	for _, c := range tab.Columns[0].Cells {
		var n int
		if _, err := fmt.Sscan(c.Text, &n); err != nil {
			t.Fatal(err)
		}
		files[fmt.Sprint(n/100)] = true
		if n%100 >= 50 {
			late++
		}
	}
	if len(files) < 10 || late < 16 || late > 48 {
		t.Errorf("rows of %d objects, %d of 64 from their second half", len(files), late)
	}
}

func TestMaskWords(t *testing.T) {
	for in, want := range map[string]string{
		"leads-2026-01-02": "leads-*", "part-00000-ab1c": "part-*", "dt=2026-01-01": "dt=*", "people": "people", "asha@example.com": "*", "9820145678": "*",
		"v2 final": "* final", "": "", "Leads (1)": "Leads (*)", "-": "-",
	} {
		if got := maskWords(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
