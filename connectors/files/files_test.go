package files

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/connectortest"
)

func TestMain(m *testing.M) { connectortest.Main(m) }

var fields = []connectors.CatalogField{
	{Name: "id", PrimaryKey: true}, {Name: "phone", Identity: "phone", Categories: []string{"user.contact.phone_number"}}, {Name: "remark", Categories: []string{"user.content"}},
}

var dataset = connectors.Dataset{Key: "files", Collections: []connectors.Collection{
	{Name: "leads", Fields: fields},
	{Name: "calls", Path: []string{"logs/**/calls*.jsonl"}, Fields: fields},
	{Name: "visits", Fields: append([]connectors.CatalogField{{Name: "key"}}, fields...)},
}}

type visit struct {
	ID     string  `parquet:"id"`
	Phone  *string `parquet:"phone,optional"`
	Remark *string `parquet:"remark,optional"`
}

func fixture(t testing.TB) string {
	t.Helper()
	root := t.TempDir()
	var zipped, pq bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, err := io.WriteString(z, `{"id":"c1","phone":"+919876500001","remark":"x"}`+"\n"+`{"id":"c2","phone":"+919876500002"}`+"\n")
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	s := func(v string) *string { return &v }
	w := parquet.NewGenericWriter[visit](&pq)
	_, err = w.Write([]visit{{"v1", s("+919876500001"), s("hello")}, {"v2", nil, s("x")}, {"v3", s("+919876500003"), nil}})
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	for key, data := range map[string]string{
		"leads/a.csv":           "id,phone,remark\r\n1,98765 00001,\"said \"\"ok\"\",\nthen\"\r\n2,098765 00002,\r\n3,,none\r\n",
		"leads.tsv":             "id\tphone\n7\t9876500001\n8\t9876500004\n",
		"leads/one.json":        `{"id": 9, "phone": "9876500001"}`,
		"leads/list.json":       `[{"id": 10, "phone": "9876500001"}, {"id": 11, "remark": "y"}]`,
		"logs/2026/calls.jsonl": `{"id":"c3","phone":"+919876500003"}`,
		"logs/calls-1.jsonl.gz": zipped.String(),
		"visits/v.parquet":      pq.String(),
		"visits/v.csv":          "id,phone\nv9,9876500001\n",
		"leads/old.xls":         "x",
		"elsewhere/a.csv":       "id\n1\n",
	} {
		p := filepath.Join(root, key)
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(data), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func source(t testing.TB, root string) connectors.Source {
	t.Helper()
	return at(t, "file:"+root)
}

func at(t testing.TB, url string) connectors.Source {
	t.Helper()
	s, err := Kind().Open(context.Background(), connectors.Config{Name: "files", URL: url, Dataset: dataset})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	for _, scheme := range connectortest.Stores {
		t.Run(scheme, func(t *testing.T) { testConformance(t, scheme) })
	}
}

func testConformance(t *testing.T, scheme string) {
	for _, unit := range []string{"leads/a.csv", "leads.tsv", "leads/one.json", "leads/list.json", "logs/calls-1.jsonl.gz", "visits/v.parquet", "visits/v.csv"} {
		t.Run(filepath.Ext(unit), func(t *testing.T) {
			connectortest.Run(t, connectortest.Suite{
				Open: func(t testing.TB) connectors.Source { return at(t, connectortest.Stored(t, scheme, fixture(t))) }, MinRecords: 15, Gaps: 2,
				Victim:     func(r connectortest.Record) bool { return r.Unit == unit },
				Collection: map[bool]string{true: "visits", false: "leads"}[unit[0] == 'v'], Field: "phone",
			})
		})
	}
}

func TestKeyColumn(t *testing.T) {
	s := source(t, fixture(t))
	n := 0
	for u, err := range s.Units(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		for b, err := range s.Read(context.Background(), u) {
			if err != nil {
				t.Fatal(err)
			}
			if b.Collection != "visits" {
				continue
			}
			col := b.Rows.Schema().FieldIndices("key")
			f := connectors.FieldOf(b.Rows.Schema().Field(col[0]))
			for row := range int(b.Rows.NumRows()) {
				if v, _ := connectors.Value(b.Rows, col[0], row); v != u.Key || !slices.Equal(f.Keys, []string{"files.visits.key"}) {
					t.Errorf("key %q of unit %s, meaning %+v", v, u.Key, f)
				}
				n++
			}
		}
	}
	if n != 4 {
		t.Errorf("%d visits", n)
	}
}

func TestTableFormatsAreNotRewritten(t *testing.T) {
	for _, sign := range []string{"visits/_delta_log/00000.json", "metadata/v1.metadata.json", "visits/.hoodie/hoodie.properties"} {
		root := fixture(t)
		p := filepath.Join(root, sign)
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte("{}"), 0o644)); err != nil {
			t.Fatal(err)
		}
		_, _, err := source(t, root).(connectors.Eraser).Erase(context.Background(), connectors.Unit{Key: "visits/v.parquet"},
			[]connectors.Edit{{Collection: "visits", Locator: "row 1", Action: connectors.Delete}})
		if err == nil {
			t.Errorf("%s: the file of a table was rewritten", sign)
		}
	}
}

func TestGlobs(t *testing.T) {
	for _, tt := range []struct {
		paths []string
		key   string
		want  bool
	}{
		{nil, "leads/a/b.csv", true}, {nil, "leads.csv", true}, {nil, "leads.old/a.csv", false}, {nil, "xleads.csv", false},
		{[]string{"**/*.csv"}, "a.csv", true}, {[]string{"**/*.csv"}, "x/y/a.csv", true}, {[]string{"*.csv"}, "x/a.csv", false},
		{[]string{"a/**/b.csv"}, "a/b.csv", true}, {[]string{"a/**/b.csv"}, "ab.csv", false}, {[]string{"/a/?.csv"}, "a/é.csv", true},
		{[]string{"a+b (1)/[x].csv"}, "a+b (1)/[x].csv", true}, {[]string{"a**"}, "a/b", true}, {[]string{"*"}, "a\nb", true},
	} {
		g, err := compile(connectors.Collection{Name: "leads", Path: tt.paths})
		if err != nil {
			t.Fatal(err)
		}
		if got := g.match(tt.key); got != tt.want {
			t.Errorf("%q matches %q: %t", tt.paths, tt.key, got)
		}
	}
}

func TestOpenNeedsCatalog(t *testing.T) {
	if _, err := Kind().Open(context.Background(), connectors.Config{Name: "x", URL: "file:/tmp"}); err == nil {
		t.Error("no error without a catalog")
	}
}
