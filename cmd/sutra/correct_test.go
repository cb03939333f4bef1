package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"
)

// TestCorrectEverywhere sets an e-mail address in a database and in every format,
// and compares every byte of everything with what it has to be.
func TestCorrectEverywhere(t *testing.T) {
	s := correctSite(t)
	rows := s.crmRows()
	const now = "asha.new@example.org"
	out := s.run("correct", "asha.old@example.com", "--account", "A1", "--set", "user.contact.email="+now, "-o", "plan.json")
	for _, want := range []string{
		`"dataset":"crm.invoices","unit":"invoices[1,10001)","locator":"pk=1","reason":"law","rule":"`, `credit note`,
		`"dataset":"crm.access_log","unit":"access_log[1,10001)","locator":"pk=1","reason":"law","rule":"catalog: erase keep"`,
		`"reason":"text","rule":"the old value stands in free text: notes"`,
		`"type":"recipient","source":"indiamart","dataset":"indiamart.leads","connector":"indiamart","relation":"origin","records":1`,
		`"type":"recipient","source":"files","dataset":"files.people","connector":"files","relation":"export","records":6`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the plan does not say %s in\n%s", want, out)
		}
	}
	sum := last(t, s.run("apply", "plan.json"))
	if sum["residue"] != 0.0 || sum["failed"] != 0.0 || sum["stale"] != 0.0 || sum["redacted"] != 11.0 {
		t.Errorf("%v", sum)
	}
	want := rows
	want["contacts 1"] = strings.Replace(rows["contacts 1"], "Asha.Old@example.com", now, 1)
	want["leads L1"] = strings.NewReplacer("ASHA.OLD@EXAMPLE.COM", now, `"asha.old@example.com"`, `"`+now+`"`).Replace(rows["leads L1"])
	want["import_rows 1"] = strings.Replace(rows["import_rows 1"], "asha.old@example.com", now, 1)
	if d := cmp.Diff(want, s.crmRows()); d != "" {
		t.Errorf("rows: %s", d)
	}
	for name, text := range correctTexts {
		was := text
		text = strings.NewReplacer("tell asha.old@example.com", "tell asha.old@example.com", "asha.old@example.com", now, "ASHA.OLD@example.com", now).Replace(text)
		if d := cmp.Diff(text, s.file(name)); d != "" || text == was {
			t.Errorf("%s: %s", name, d)
		}
	}
	s.tables(t, now, 919820145678)
	found := s.answer(now, "A1")
	if len(found) < 11 {
		t.Errorf("%d copies found by the new value: %v", len(found), found)
	}
	if !strings.Contains(s.run("status"), `"suppressed_identifiers":0`) {
		t.Error("a correction put something on the ledger of the erased")
	}
	s.silent("asha.old", "asha.new", "Asha.Old", "ASHA.OLD")
}

// tables checks the binary formats.
func (s *site) tables(t *testing.T, email string, phone int64) {
	t.Helper()
	want := slices.Clone(exportedRows)
	want[1].Email, want[1].Phone = email, phone
	got, err := parquet.ReadFile[exported](filepath.Join(s.dir, "exports/people/e.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("parquet: %s", d)
	}
	x, err := excelize.OpenFile(filepath.Join(s.dir, "exports/people/f.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	cells, err := x.GetRows("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	wantCells := [][]string{{"name", "email", "phone", "city"}}
	for _, r := range want {
		wantCells = append(wantCells, []string{r.Name, r.Email, fmt.Sprint(r.Phone), r.City})
	}
	if d := cmp.Diff(wantCells, cells); d != "" {
		t.Errorf("xlsx: %s", d)
	}
}

// silent checks that no value stands in the plan, the state or a certificate.
func (s *site) silent(values ...string) {
	s.t.Helper()
	for _, dir := range []string{"plan.json", "state"} {
		err := filepath.WalkDir(filepath.Join(s.dir, dir), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			for _, v := range values {
				if bytes.Contains(data, []byte(v)) {
					s.t.Errorf("%s holds a value", path)
				}
			}
			return err
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

// TestCorrectOthers sets a number, a name and a city: in the spelling that each
// place had, in records that are hers, and only there.
func TestCorrectOthers(t *testing.T) {
	s := correctSite(t)
	rows := s.crmRows()
	s.run("correct", "asha.old@example.com", "--account", "A1", "--set", "user.contact.phone_number=+91 98201 77777", "--set", "user.name=Asha Kulkarni", "--set", "user.contact.address.city=Nashik", "-o", "plan.json")
	if code, out := s.status("apply", "plan.json"); code != 0 {
		t.Fatalf("%d %s", code, out)
	}
	want := rows
	want["contacts 1"] = "1|A1|Asha Kulkarni|Asha.Old@example.com|<nil>|9820177777|919820177777|Nashik"
	want["leads L1"] = strings.NewReplacer("9820145678", "9820177777", "Asha  Verma", "Asha Kulkarni").Replace(rows["leads L1"])
	want["import_rows 1"] = strings.Replace(strings.Replace(rows["import_rows 1"], "Asha Verma", "Asha Kulkarni", 1), "Pune", "Nashik", 1)
	if d := cmp.Diff(want, s.crmRows()); d != "" {
		t.Errorf("rows: %s", d)
	}
	for name, r := range map[string]*strings.Replacer{
		"exports/people/a.csv":         strings.NewReplacer("\"Verma, Asha\"", "\"Asha Kulkarni\"", "+91-98201-45678,Pune", "+919820177777,Nashik"),
		"exports/people/b.tsv":         strings.NewReplacer("Asha Verma", "Asha Kulkarni", "098201 45678", "09820177777"),
		"exports/people/c.jsonl":       strings.NewReplacer("Asha Verma", "Asha Kulkarni", "919820145678", "919820177777"),
		"exports/people/d.json":        strings.NewReplacer(`Asha \u0056erma`, "Asha Kulkarni", "+91 98201 45678", "+919820177777"),
		"google/contacts/book.vcf":     strings.NewReplacer("FN:Asha Verma", "FN:Asha Kulkarni", "+91 98201 45678", "+919820177777"),
		"indiamart/leads/2026-05.json": strings.NewReplacer("Asha Verma", "Asha Kulkarni", "+91-9820145678", "+919820177777"),
	} {
		if d := cmp.Diff(r.Replace(correctTexts[name]), s.file(name)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	again := last(t, s.run("correct", "asha.old@example.com", "--account", "A1", "--set", "user.contact.phone_number=9820177777", "-o", "again.json"))
	if again["records"] != 0.0 {
		t.Errorf("there is still something to do: %v", again)
	}
}

// TestCorrectRefusals: what is refused changes nothing and says why.
func TestCorrectRefusals(t *testing.T) {
	s := correctSite(t)
	before := s.crmRows()
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"no value", []string{"asha.old@example.com", "--set", "user.contact.email"}, 2, "CATEGORY=VALUE"},
		{"nothing to set", []string{"asha.old@example.com"}, 2, "nothing to set"},
		{"no category", []string{"asha.old@example.com", "--set", "user.contact.mail=a@example.org"}, 2, "no data category"},
		{"no fact", []string{"asha.old@example.com", "--set", "user.content=words"}, 2, "no single fact"},
		{"no address", []string{"asha.old@example.com", "--set", "user.contact.email=nobody"}, 2, "no email"},
		{"a placeholder", []string{"asha.old@example.com", "--set", "user.contact.phone_number=9999999999"}, 2, "no phone"},
		{"empty", []string{"asha.old@example.com", "--set", "user.contact.email="}, 2, "erased, not corrected"},
		{"twice", []string{"asha.old@example.com", "--set", "user.name=A", "--set", "user.name=B"}, 2, "set twice"},
		{"from without set", []string{"asha.old@example.com", "--set", "user.name=A", "--from", "user.contact.email=x@example.com"}, 2, "--from wants"},
		{"two accounts", []string{"asha.old@example.com", "--set", "user.name=A"}, 4, "several people"},
		{"somebody else's", []string{"asha.old@example.com", "--account", "A1", "--set", "user.contact.email=VIKRAM@example.com"}, 4, "belongs to another person"},
		{"the staff's", []string{"asha.old@example.com", "--account", "A1", "--set", "user.contact.email=agent@cratio.example"}, 4, "staff"},
		{"two values", []string{"9820145678", "--account", "A1", "--set", "user.contact.email=asha.new@example.org"}, 4, "--from user.contact.email=OLD"},
		{"a value that she has not", []string{"9820145678", "--account", "A1", "--set", "user.contact.email=asha.new@example.org", "--from", "user.contact.email=chetan@example.com"}, 4, "no field of hers"},
		{"no such field", []string{"chetan@example.com", "--account", "A1", "--set", "user.demographic.gender=f"}, 4, "complete the record"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out := s.status(append([]string{"correct", "-o", "refused.json"}, c.args...)...)
			if code != c.code || !strings.Contains(out, c.want) {
				t.Errorf("exit %d: %s", code, out)
			}
			if _, err := os.Stat(filepath.Join(s.dir, "refused.json")); err == nil {
				t.Error("there is a plan")
			}
		})
	}
	code, out := s.status("correct", "9820145678", "--account", "A1", "--set", "user.contact.email=asha.new@example.org", "-o", "refused.json")
	if code != 4 || !strings.Contains(out, `"type":"choice","category":"user.contact.email","hint":"a…d@e…m","fields":["crm.contacts.email"`) || strings.Contains(out, "asha.work") {
		t.Errorf("%s", out)
	}
	if sum := last(t, s.run("correct", "nobody@example.org", "--set", "user.name=A", "-o", "nobody.json")); sum["records"] != 0.0 {
		t.Errorf("%v", sum)
	}
	s.run("erase", "chetan@example.com", "--account", "A1", "-o", "gone.json")
	s.run("apply", "gone.json")
	if code, out := s.status("correct", "vikram@example.com", "--account", "A1", "--set", "user.contact.email=chetan@example.com", "-o", "refused.json"); code != 4 || !strings.Contains(out, "was erased") {
		t.Errorf("%d %s", code, out)
	}
	delete(before, "contacts 3")
	after := s.crmRows()
	delete(after, "import_rows 1")
	delete(before, "import_rows 1")
	if d := cmp.Diff(before, after); d != "" {
		t.Errorf("something was changed: %s", d)
	}
}

// TestCorrectSharedNumber: two of a family have one number; one of them gets her
// own, the other keeps it.
func TestCorrectSharedNumber(t *testing.T) {
	s := correctSite(t)
	want := s.crmRows()
	s.run("correct", "mother@example.com", "--set", "user.contact.phone_number=98201 22222", "-o", "plan.json")
	if sum := last(t, s.run("apply", "plan.json")); sum["redacted"] != 1.0 || sum["residue"] != 0.0 {
		t.Errorf("%v", sum)
	}
	want["contacts 7"] = strings.Replace(want["contacts 7"], "9820133333", "9820122222", 1)
	if d := cmp.Diff(want, s.crmRows()); d != "" {
		t.Error(d)
	}
	if n := len(s.answer("98201 33333", "A1")); n != 1 {
		t.Errorf("%d records have the old number", n)
	}
}

// TestCorrectStale: what changed since the plan was made is not written over; a
// hold stops it, a plan that somebody changed is refused, and a plan that is done
// is done.
func TestCorrectStale(t *testing.T) {
	s := correctSite(t)
	set := []string{"correct", "vikram@example.com", "--account", "A1", "--set", "user.contact.email=vikram.new@example.org", "-o"}
	s.run(append(set, "plan.json")...)
	s.sql("UPDATE contacts SET city = 'Delhi' WHERE id = 2")
	code, out := s.status("apply", "plan.json")
	if sum := last(t, out); code != 3 || sum["stale"] != 1.0 || s.crmRows()["contacts 2"] != "2|A1|Vikram Verma|vikram@example.com|<nil>|+91 98201 45999|<nil>|Delhi" {
		t.Errorf("%d %s", code, out)
	}
	s.run("scan")
	s.run(append(set, "second.json")...)
	s.run("hold", "add", "vikram@example.com", "--account", "A1", "--reason", "claim", "--review", "2031-01-01")
	if code, out := s.status("apply", "second.json"); code != 4 || !strings.Contains(out, "legal hold") {
		t.Errorf("%d %s", code, out)
	}
	if sum := last(t, s.run(append(set, "held.json")...)); sum["records"] != 0.0 || sum["keep"] == 0.0 {
		t.Errorf("%v", sum)
	}
}

// TestCorrectUnfit: a value that a constraint refuses is an error, and nothing is
// emptied in its place.
func TestCorrectUnfit(t *testing.T) {
	s := correctSite(t)
	want := s.crmRows()
	s.run("correct", "one@example.com", "--set", "user.contact.email=three@example.com", "-o", "plan.json")
	s.sql("INSERT INTO contacts VALUES (9, 'A2', 'Late', 'three@example.com', NULL, NULL, NULL, NULL)")
	code, out := s.status("apply", "plan.json")
	if code != 3 || !strings.Contains(out, "the field cannot hold the new value") || last(t, out)["failed"] != 1.0 {
		t.Errorf("%d %s", code, out)
	}
	want["contacts 9"] = "9|A2|Late|three@example.com|<nil>|<nil>|<nil>|<nil>"
	if d := cmp.Diff(want, s.crmRows()); d != "" {
		t.Error(d)
	}
}

// TestCorrectKilled kills apply at many moments and runs it again: the result is
// that of a run that nobody disturbed.
func TestCorrectKilled(t *testing.T) {
	s := correctSite(t)
	s.run("correct", "asha.old@example.com", "--account", "A1", "--set", "user.contact.email=asha.new@example.org", "-o", "plan.json")
	kills := 0
	for after := 2 * time.Millisecond; after < 2*time.Second; after = after * 3 / 2 {
		if s.killed(after, "apply", "plan.json") {
			kills++
		} else {
			break
		}
	}
	if kills == 0 {
		t.Error("nothing was killed")
	}
	sum := last(t, s.run("apply", "plan.json"))
	if sum["residue"] != 0.0 || sum["failed"] != 0.0 || sum["stale"] != 0.0 || sum["redacted"] != 11.0 {
		t.Errorf("%v", sum)
	}
	before := s.crmRows()
	if out := s.run("apply", "plan.json"); !strings.Contains(out, "nothing to do") {
		t.Error(out)
	}
	if d := cmp.Diff(before, s.crmRows()); d != "" {
		t.Error(d)
	}
	s.tables(t, "asha.new@example.org", 919820145678)
}
