package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

type nestedName struct {
	Name  string   `parquet:"name"`
	City  string   `parquet:"city"`
	Mails []string `parquet:"emails,list"`
}

type nestedPerson struct {
	ID   int64      `parquet:"id"`
	Who  nestedName `parquet:"who"`
	Note string     `parquet:"note"`
}

// TestCorrectNested sets a name, a city and an address in a nested column of Parquet: of one
// that kept the old name she would be two people from then on.
func TestCorrectNested(t *testing.T) {
	s := newBareSite(t, map[string]string{
		"sutra.yaml": "sources:\n  files: {connector: files, url: \"file:exports/\", catalog: files.yaml, account: A1}\n",
		"files.yaml": `dataset:
  - fides_key: files
    collections:
      - name: people
        meta: {sutra: {class: account_crm, erase: delete}}
        fields:
          - {name: id, data_categories: [system.operations]}
          - name: who
            data_categories: [system.operations]
            fields:
              - {name: name, data_categories: [user.name]}
              - {name: city, data_categories: [user.contact.address.city]}
              - {name: emails, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: note, data_categories: [user.content]}
`,
	})
	rows := []nestedPerson{
		{1, nestedName{"Asha Kulkarni", "Nagpur", []string{"asha@example.com", "asha.k@example.com"}}, "x"},
		{2, nestedName{"Binu Paul", "Nagpur", []string{"binu@example.com"}}, "y"},
	}
	if err := os.MkdirAll(filepath.Join(s.dir, "exports/people"), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(s.dir, "exports/people/a.parquet")
	if err := parquet.WriteFile(file, rows); err != nil {
		t.Fatal(err)
	}
	for _, set := range []string{"user.name=Zarina Quazi", "user.contact.address.city=Surat", "user.contact.email=zarina@example.org"} {
		s.run("scan")
		plan := strings.NewReplacer("=", "-", " ", "-").Replace(set)
		s.run("correct", "asha@example.com", "--set", set, "-o", plan)
		if code, out := s.status("apply", plan); code != 0 || !strings.Contains(out, `"redacted":1`) {
			t.Errorf("%s ends %d: %s", set, code, out)
		}
	}
	rows[0].Who = nestedName{"Zarina Quazi", "Surat", []string{"zarina@example.org", "asha.k@example.com"}}
	got, err := parquet.ReadFile[nestedPerson](file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(rows, got); d != "" {
		t.Error(d)
	}
}
