package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/files"
	"github.com/cratio/sutra/pipeline/config"
	"github.com/cratio/sutra/pipeline/detect"
)

// discoverWorld writes a folder with objects and a sutra.yaml, and returns its path.
func discoverWorld(t *testing.T, objects map[string]string) string {
	t.Helper()
	root := t.TempDir()
	if _, ok := objects["sutra.yaml"]; !ok {
		objects["sutra.yaml"] = "sources:\n  f: {connector: files, url: \"file:data/\"}\n"
	}
	for key, data := range objects {
		p := filepath.Join(root, key)
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(data), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// runDiscover runs a discovery and returns the findings as "field kind confidence
// catalog", everything printed, the proposal and the summary.
func runDiscover(t *testing.T, root string) (found []string, printed string, p Proposal, sum DiscoverSummary) {
	t.Helper()
	kinds := map[string]connectors.Kind{"files": files.Kind()}
	conf, warns, err := config.LoadBare(filepath.Join(root, "sutra.yaml"), nil, kinds)
	if err != nil || len(warns) > 0 {
		t.Fatal(err, warns)
	}
	var all strings.Builder
	p, sum, err = Discover(context.Background(), conf, kinds, "f", DiscoverOptions{Rows: 200, Seed: 1}, func(line any) {
		data, err := json.Marshal(line)
		if err != nil {
			t.Error(err)
		}
		all.Write(append(data, '\n'))
		if l, ok := line.(FindingLine); ok {
			found = append(found, fmt.Sprintf("%s %s %s %s", l.Field, l.Kind, l.Confidence, l.Catalog))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, all.String() + string(p.Catalog()), p, sum
}

func lines(n int, f func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(f(i) + "\n")
	}
	return b.String()
}

// TestProposalLoadsAgain holds the promise that a proposal is a catalog, whatever
// the columns are called.
func TestProposalLoadsAgain(t *testing.T) {
	root := discoverWorld(t, map[string]string{
		"data/odd.csv": "true,a: b,नाम,\"x # y\",\"q\"\"uote\",{c},- d,created at,null,*,1.5,~\n" + lines(30, func(i int) string {
			return fmt.Sprintf("1,2,आशा,p%d@example.org,u,v,w,2026-01-02,n,s,1,t", i)
		}),
		"data/events/e.jsonl": lines(30, func(i int) string {
			return fmt.Sprintf(`{"id":%d,"a.b":1,"user":{"mail":"p%d@example.org","deep":{"mobile":"+91 98201 4%04d"}},"list":[{"name":"E-Mail","value":"q%d@example.org"}],"by":{"r%d@example.org":{"n":1}}}`, i, i, i*37, i, i)
		}),
	})
	found, printed, p, sum := runDiscover(t, root)
	for _, want := range []string{"x # y email high none", "user.mail email high none", "user.deep.mobile phone high none", "list.E-Mail email high none", "by.* email high none"} {
		if !slices.Contains(found, want) {
			t.Errorf("no finding %q in %q", want, found)
		}
	}
	if sum.Gaps != 0 || sum.Unowned < 5 {
		t.Errorf("%+v", sum)
	}
	if strings.Contains(printed, "@example.org") || strings.Contains(printed, "98201") || strings.Contains(printed, "आशा") {
		t.Error("a value was printed")
	}
	ds, warns, err := config.ParseCatalog("proposal.yaml", p.Catalog())
	if err != nil || len(warns) > 0 || len(ds) != 1 || len(ds[0].Collections) != 2 {
		t.Fatalf("%v %v\n%s", err, warns, p.Catalog())
	}
	odd, _ := ds[0].Collection("odd")
	for _, name := range []string{"true", "a: b", "नाम", "x # y", `q"uote`, "{c}", "- d", "created at", "null", "*", "1.5", "~"} {
		if _, ok := odd.Field(name); !ok {
			t.Errorf("column %q did not come back", name)
		}
	}
	if odd.RecordedAt != "created at" {
		t.Errorf("recorded_at %q", odd.RecordedAt)
	}
	events, _ := ds[0].Collection("events")
	user, _ := events.Field("user")
	if len(user.Fields) != 2 || user.Fields[0].Identity != "email" || user.Fields[1].Fields[0].Identity != "phone" {
		t.Errorf("user: %+v", user)
	}
	// used as the catalog, it owns everything: nothing is left to propose
	cat := filepath.Join(root, "f.yaml")
	conf := "sources:\n  f: {connector: files, url: \"file:data/\", catalog: f.yaml}\n"
	if err := errors.Join(os.WriteFile(cat, p.Catalog(), 0o644), os.WriteFile(filepath.Join(root, "sutra.yaml"), []byte(conf), 0o644)); err != nil {
		t.Fatal(err)
	}
	found, _, p, sum = runDiscover(t, root)
	if p.Catalog() != nil || sum.Unowned != 0 || sum.Differs != 0 || len(found) == 0 {
		t.Errorf("%+v, %q", sum, found)
	}
}

// TestCatalogsWordStands compares findings with a catalog in which a person said
// otherwise, or nothing.
func TestCatalogsWordStands(t *testing.T) {
	_, _, _, sum := runDiscover(t, discoverWorld(t, map[string]string{"data/x.csv": "a\n1\n"}))
	if sum.Collections != 1 || sum.Findings != 0 {
		t.Errorf("%+v", sum)
	}
	found, _, p, sum := runDiscover(t, discoverWorld(t, map[string]string{
		"sutra.yaml": "sources:\n  f: {connector: files, url: \"file:data/\", catalog: f.yaml}\n",
		"f.yaml": `dataset:
  - fides_key: f
    name: f
    collections:
      - name: people
        meta: {sutra: {class: account_crm, path: ["people.csv"]}}
        fields:
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: hotline, data_categories: [system.operations]}
          - {name: nick, data_categories: [user.name]}
`,
		"data/people.csv": "email,hotline,nick,alt\n" + lines(40, func(i int) string { return fmt.Sprintf("p%d@example.org,+91 98201 4%04d,,s%d@example.org", i, i*37, i) }),
	}))
	want := []string{"email email high owned", "hotline phone high differs", "nick  none owned", "alt email high none"}
	if !slices.Equal(found, want) || sum.Unowned != 1 || sum.Differs != 1 {
		t.Errorf("%q, %+v", found, sum)
	}
	ds, warns, err := config.ParseCatalog("p", p.Catalog())
	if err != nil || len(warns) > 0 || len(ds[0].Collections[0].Fields) != 1 || ds[0].Collections[0].Fields[0].Name != "alt" {
		t.Errorf("%v %v %+v", err, warns, ds)
	}
}

// Values filed under labels are judged label by label; a label that is a value is
// not shown.
func TestFormValues(t *testing.T) {
	found, printed, _, _ := runDiscover(t, discoverWorld(t, map[string]string{
		"data/field_defs.csv": "id,label\n1,Mobile\n2,Budget\n3,asha@example.org\n",
		"data/answers.csv": "lead,field_id,value\n" + lines(60, func(i int) string {
			switch i % 3 {
			case 0:
				return fmt.Sprintf("%d,1,98201%05d", i, i*977)
			case 1:
				return fmt.Sprintf("%d,2,%d", i, i*1000)
			}
			return fmt.Sprintf("%d,3,p%d@example.org", i, i)
		}),
	}))
	if !slices.Contains(found, "value[Mobile] phone high none") || !slices.Contains(found, "value[field_id 3] email high none") || len(found) != 3 { // the third is the address among the labels
		t.Errorf("%q", found)
	}
	if strings.Contains(printed, "example.org") || strings.Contains(printed, "98201") {
		t.Error("a value was printed")
	}
}

func FuzzDiscoverJSON(f *testing.F) {
	f.Add(`{"a":{"b":["x",{"name":"email","value":"p@example.org"}]},"p@example.org":1}`)
	f.Add(`{"a":"{\"b\":\"[1,2\"}"}`)
	f.Add(`[[[[{"k":null}]]]]`)
	f.Add(`{"a":`)
	f.Fuzz(func(t *testing.T, text string) {
		x := look(connectors.Table{Name: "t", Rows: 2, Total: 2, Columns: []connectors.SampleColumn{{Name: "c", Cells: []connectors.Cell{{Row: 0, Text: text}, {Row: 1, Text: text}}}}})
		for _, fl := range x.fields {
			if fl.rows() > 2 {
				t.Errorf("field %s has %d rows of 2", fl.name(), fl.rows())
			}
			if slices.ContainsFunc(fl.path, func(p string) bool { return strings.Contains(p, "@") }) {
				t.Errorf("a path holds an address")
			}
		}
	})
}

// A table that many others name may be that of the accounts: a person is asked.
func TestPerhapsTenants(t *testing.T) {
	hospital := &looked{name: "hospitals", fields: []*field{{path: []string{"id"}, label: "id", pk: true}}}
	p := Proposal{tables: []*looked{hospital}}
	for _, n := range []string{"beds", "wards", "visits", "bills", "drugs"} {
		ref := &field{path: []string{"hospital_id"}, label: "hospital_id", refs: []connectors.Reference{{Collection: "hospitals", Field: "id"}}}
		p.tables = append(p.tables, &looked{name: n, fields: []*field{{path: []string{"id"}, label: "id", pk: true}, ref}})
	}
	if notes := strings.Join(p.plots()["hospitals"].notes, "; "); !strings.Contains(notes, "5 tables name it by hospital_id: if its rows are your customers") {
		t.Errorf("%q", notes)
	}
	p.tables = p.tables[:4]
	if notes := strings.Join(p.plots()["hospitals"].notes, "; "); strings.Contains(notes, "customers") {
		t.Errorf("three tables are enough: %q", notes)
	}
}

// An address of several parts stays in a document that the law has kept, a number does not.
func TestDocumentsOfParts(t *testing.T) {
	root := &field{path: []string{"billed"}}
	x := &plot{looked: &looked{fields: []*field{root}}}
	leaf := func(name, category, identity string) {
		path := []string{"billed", name}
		x.fields = append(x.fields, &field{path: path, found: []judged{{strings.Join(path, "."), name, []detect.Finding{{Category: category, Identity: identity, Confidence: detect.High}}}}})
	}
	if x.documents(root) {
		t.Error("nothing is kept")
	}
	leaf("city", "user.contact.address.city", "")
	if !x.documents(root) {
		t.Error("an address is not kept")
	}
	leaf("mobile", "user.contact.phone_number", "phone_number")
	if x.documents(root) {
		t.Error("a number is kept")
	}
}

// Whole numbers and times say nothing of a person by their type; a place does.
func TestLifelessTypes(t *testing.T) {
	for typ, want := range map[string]bool{
		"INT": true, "INTEGER": true, "bigint(20) unsigned": true, "SMALLINT": true, "int8": true, "BIGSERIAL": true, "TIMESTAMP WITHOUT TIME ZONE": true, "datetime(6)": true, "timestamptz": true, "TIME": true,
		"POINT": false, "INTERVAL": false, "geometry(Point,4326)": false, "multipoint": false, "TEXT": false, "": false,
	} {
		if got := lifelessType.MatchString(typ); got != want {
			t.Errorf("%s: %v", typ, got)
		}
	}
}
