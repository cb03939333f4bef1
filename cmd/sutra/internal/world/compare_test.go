package world

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// stage is a world from which some people were erased.
type stage struct {
	*testing.T
	tr     *Truth
	dir    string
	before *Snap
	erased []string
	copies []Copy
}

// newStage builds a world and erases people, all but the copies that skip names.
func newStage(t *testing.T, skip func(Copy) bool, erased ...string) *stage {
	t.Helper()
	tr, dir := build(t, 120, 42)
	s := &stage{T: t, tr: tr, dir: dir, erased: erased}
	s.before = snapshot(t, tr, dir, SnapOptions{Watch: erased})
	e := &eraser{t: t, tr: tr, dir: dir, people: map[string]Person{}}
	ctx := context.Background()
	for _, id := range erased {
		p, err := tr.Person(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		e.people[id] = p
	}
	var err error
	if s.copies, err = tr.CopiesOf(ctx, erased...); err != nil {
		t.Fatal(err)
	}
	e.run(func(c Copy) bool {
		_, hers := e.people[c.Person]
		return hers && (skip == nil || !skip(c))
	})
	return s
}

func (s *stage) report(retention bool) Report {
	s.Helper()
	after := snapshot(s.T, s.tr, s.dir, SnapOptions{Watch: s.erased, Base: s.before})
	r, err := s.tr.CompareAfter(context.Background(), s.before, after, s.erased, retention)
	if err != nil {
		s.Fatal(err)
	}
	return r
}

func (s *stage) exec(q string, args ...any) {
	s.Helper()
	if _, err := open(s.T, s.dir).Exec(q, args...); err != nil {
		s.Fatal(err)
	}
}

// The cast: rich, switchboard, family, two accounts, staff, merged, conference,
// placeholder, role mailbox.
var cast = []string{"P0000020", "P0000002", "P0000012", "P0000014", "P0000016", "P0000017", "P0000018", "P0000022", "P0000023"}

func TestCompareAfterPassesAFaultlessErasure(t *testing.T) {
	s := newStage(t, nil, cast...)
	r := s.report(false)
	for _, f := range append(r.Missed, r.Damaged...) {
		t.Errorf("%+v", f)
	}
	if len(r.KeptByLaw) == 0 || len(r.AllowedHits) == 0 {
		t.Errorf("%d kept by law, %d allowed", len(r.KeptByLaw), len(r.AllowedHits))
	}
}

func TestCompareAfterRefusesWhatItCannotJudge(t *testing.T) {
	tr, dir := build(t, 60, 1)
	ctx := context.Background()
	before := snapshot(t, tr, dir, SnapOptions{Watch: cast[:1]})
	if _, err := tr.CompareAfter(ctx, before, before, cast[:1], false); err == nil {
		t.Error("compared without a base")
	}
	after := snapshot(t, tr, dir, SnapOptions{Watch: cast[:1], Base: before})
	if _, err := tr.CompareAfter(ctx, before, after, cast[:2], false); err == nil {
		t.Error("compared for a person who was not watched")
	}
	r, err := tr.CompareAfter(ctx, before, after, nil, false)
	if err != nil || !r.OK() {
		t.Errorf("nothing happened: %+v, %v", r, err)
	}
}

func TestCompareAfterNoticesEveryMissedCopy(t *testing.T) {
	tr, _ := build(t, 120, 42)
	all, err := tr.CopiesOf(context.Background(), "P0000020", "P0000019")
	if err != nil {
		t.Fatal(err)
	}
	one := map[string]Copy{} // one copy of each kind
	for _, c := range all {
		if c.Expect != ExpectShared && (c.Expect != ExpectKept || !c.Due) {
			one[c.Dataset+c.Role] = c
		}
	}
	left := map[string]bool{}
	for _, c := range one {
		left[c.ID] = true
	}
	s := newStage(t, func(x Copy) bool { return left[x.ID] }, "P0000020", "P0000019")
	r := s.report(false)
	if len(r.Damaged) != 0 {
		t.Errorf("damaged %v", r.Damaged)
	}
	place := func(person, source, unit, locator string) Finding {
		if source != "crm" {
			locator = "" // the numbers of rows shift when others go
		}
		return Finding{person, source, unit, locator, ""}
	}
	missed := map[Finding]bool{}
	for _, f := range r.Missed {
		missed[place(f.Person, f.Source, f.Unit, f.Locator)] = true
	}
	for kind, c := range one {
		if !missed[place(c.Person, c.Source, c.Unit, c.Locator)] {
			t.Errorf("%s: not noticed", kind)
		}
	}
	if len(one) < 20 {
		t.Errorf("only %d kinds of copies", len(one))
	}
}

func TestCompareAfterNoticesDamage(t *testing.T) {
	find := func(s *stage, dataset, role string) Copy {
		for _, c := range s.copies {
			if c.Dataset == dataset && c.Role == role && c.Person == s.erased[0] {
				return c
			}
		}
		s.Fatalf("no copy in %s", dataset)
		return Copy{}
	}
	key := func(c Copy) string { return strings.TrimPrefix(c.Locator, "pk=") }
	path := func(s *stage, folder string, c Copy) string { return filepath.Join(s.dir, folder, c.Unit) }
	for name, damage := range map[string]func(*stage){
		"a stranger's row":   func(s *stage) { s.exec("UPDATE contacts SET remark = 'x' WHERE id = 1001") },
		"a stranger's phone": func(s *stage) { s.exec("UPDATE leads SET phone = NULL WHERE rowid = 1") },
		"a row gone":         func(s *stage) { s.exec("DELETE FROM call_logs WHERE id = 1") },
		"a new row":          func(s *stage) { s.exec("INSERT INTO field_defs VALUES (99, 'A1', 'x', 'y', 'z')") },
		"the host of a mention gone": func(s *stage) {
			s.exec("DELETE FROM notes WHERE id = ?", key(find(s, "crm.notes", "mention")))
		},
		"the host's words gone": func(s *stage) {
			s.exec("UPDATE notes SET body_html = '' WHERE id = ?", key(find(s, "crm.notes", "mention")))
		},
		"the host's other fields": func(s *stage) {
			s.exec("UPDATE notes SET ref_id = NULL WHERE id = ?", key(find(s, "crm.notes", "mention")))
		},
		"others in a shared payload": func(s *stage) {
			s.exec(`UPDATE webhook_log SET body = replace(body, '"QUERY_TYPE":', '"QUERY_TIPE":') WHERE body LIKE '%TOTAL_RECORDS%'`)
		},
		"an invoice's total": func(s *stage) {
			s.exec("UPDATE invoices SET total = 0 WHERE id = ?", key(find(s, "crm.invoices", "subject")))
		},
		"an invoice gone": func(s *stage) { s.exec("DELETE FROM invoices WHERE id = ?", key(find(s, "crm.invoices", "subject"))) },
		"redacted by deletion": func(s *stage) {
			s.exec("DELETE FROM audit_log WHERE id = ?", key(find(s, "crm.audit_log", "subject")))
		},
		"an export's other rows": func(s *stage) {
			s.write(path(s, "exports", find(s, "files.leads_export", "subject")), "a,b\r\n1,2\r\n")
		},
		"a drop's other elements": func(s *stage) {
			s.write(path(s, "imports/drop", find(s, "imports.leads", "subject")), "[]")
		},
		"the other caller's sidecar":   func(s *stage) { s.remove("*conference*.json") },
		"the other caller's recording": func(s *stage) { s.remove("*conference*.oga") },
		"a new file":                   func(s *stage) { s.write(filepath.Join(s.dir, "imports/drop/new.json"), `[{"x": 1}]`) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, nil, "P0000020", "P0000018", "P0000021")
			damage(s)
			if r := s.report(false); len(r.Damaged) == 0 {
				t.Errorf("not noticed; missed %v", r.Missed)
			}
		})
	}
}

func (s *stage) write(path, text string) {
	s.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.Fatal(err)
	}
}

func (s *stage) remove(pattern string) {
	s.Helper()
	got, err := filepath.Glob(filepath.Join(s.dir, "recordings/A1/bcr", pattern))
	if err != nil || len(got) == 0 {
		s.Fatalf("%d objects, %v", len(got), err)
	}
	for _, p := range got {
		if err := os.Remove(p); err != nil {
			s.Fatal(err)
		}
	}
}

func TestCompareAfterRetention(t *testing.T) {
	kinds := []string{"crm.contacts", "crm.tickets", "crm.invoices", "recordings.calls", "analytics.events", "files.leads_export", "imports.leads"}
	for _, skip := range [][]string{nil, kinds} {
		tr, dir := build(t, 400, 42)
		s := &stage{T: t, tr: tr, dir: dir, erased: []string{}}
		s.before = snapshot(t, tr, dir, SnapOptions{Watch: s.erased})
		e := &eraser{t: t, tr: tr, dir: dir, people: map[string]Person{}}
		todo := set(skip)
		e.run(func(c Copy) bool {
			if c.Due && todo[c.Dataset] && c.Person != "" {
				delete(todo, c.Dataset)
				return false
			}
			return c.Due && c.Role == "subject"
		})
		r := s.report(true)
		if len(r.Missed) != len(skip) || len(r.Damaged) != 0 || len(todo) != 0 {
			t.Errorf("skipped %v: missed %v, damaged %v, not met %v", skip, r.Missed, r.Damaged, todo)
		}
		if r = s.report(false); len(r.Damaged) == 0 {
			t.Error("without retention the same is damage")
		}
	}
}
