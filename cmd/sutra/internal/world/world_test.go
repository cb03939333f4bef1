package world

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testNow = time.Date(2026, 11, 2, 6, 0, 0, 0, ist)

func build(t *testing.T, people int, seed uint64) (*Truth, string) {
	t.Helper()
	dir := t.TempDir()
	tr, err := Build(context.Background(), dir, Options{People: people, Seed: seed, Now: testNow})
	if err != nil {
		t.Fatal(err)
	}
	return tr, dir
}

func snapshot(t *testing.T, tr *Truth, dir string, o SnapOptions) *Snap {
	t.Helper()
	s, err := tr.Snapshot(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// files returns the content of every file but the database.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(p, "crm.db") {
			return err
		}
		b, err := os.ReadFile(p)
		out[strings.TrimPrefix(p, dir)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSameSeedSameWorld(t *testing.T) {
	a, da := build(t, 60, 7)
	b, db := build(t, 60, 7)
	fa, fb := files(t, da), files(t, db)
	for k, v := range fa {
		if fb[k] != v {
			t.Errorf("file %s differs", k)
		}
	}
	if len(fa) != len(fb) {
		t.Errorf("%d files and %d", len(fa), len(fb))
	}
	sa, sb := snapshot(t, a, da, SnapOptions{}), snapshot(t, b, db, SnapOptions{})
	for id, u := range sa.units {
		if !reflect.DeepEqual(u.recs, sb.units[id].recs) {
			t.Errorf("unit %v differs", id)
		}
	}
	if sa.Records != sb.Records || sa.Records < 500 {
		t.Errorf("%d records and %d", sa.Records, sb.Records)
	}
	other, _ := build(t, 60, 8)
	p, err := other.Person(context.Background(), "P0000020")
	if err != nil {
		t.Fatal(err)
	}
	q, err := a.Person(context.Background(), "P0000020")
	if err != nil {
		t.Fatal(err)
	}
	if p.Phones[0] == q.Phones[0] {
		t.Error("another seed, the same phone")
	}
}

func TestSelfCheck(t *testing.T) {
	for _, people := range []int{MinPeople, 60, 600} {
		tr, dir := build(t, people, 2024)
		s := snapshot(t, tr, dir, SnapOptions{})
		missing, untold, err := tr.SelfCheck(context.Background(), s)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range missing[:min(5, len(missing))] {
			t.Errorf("%d people: not found: %+v", people, c)
		}
		for _, f := range untold[:min(5, len(untold))] {
			t.Errorf("%d people: untold: %+v", people, f)
		}
		if tr.Due == 0 || tr.Copies < people*5 {
			t.Errorf("%d people: %d copies, %d due", people, tr.Copies, tr.Due)
		}
	}
}

func TestForeignKeysHold(t *testing.T) {
	_, dir := build(t, 300, 3)
	db := open(t, dir)
	rows, err := db.Query("PRAGMA foreign_key_check")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if rows.Next() {
		t.Error("a foreign key dangles")
	}
	var ok string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&ok); err != nil || ok != "ok" {
		t.Errorf("integrity %q, %v", ok, err)
	}
}

func open(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := openSQLite(filepath.Join(dir, "crm.db"), "rw")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestEverySpecialPersonExists(t *testing.T) {
	tr, _ := build(t, MinPeople, 11)
	ctx := context.Background()
	loaded, err := Load(tr.Dir)
	if err != nil || !reflect.DeepEqual(loaded.Copies, tr.Copies) || !loaded.Now.Equal(tr.Now) {
		t.Fatalf("loaded %+v, %v", loaded, err)
	}
	for _, kind := range []string{TagRich, TagSwitchboard, TagFamily, TagTwoAccounts, TagStaffCustomer, TagMerged, TagConference, TagPlaceholder, TagRoleMailbox} {
		got, err := loaded.Pick(ctx, kind)
		if err != nil || len(got) == 0 {
			t.Errorf("%s: %d people, %v", kind, len(got), err)
		}
	}
	if _, err := loaded.Pick(ctx, "nobody"); err == nil {
		t.Error("picked nobody")
	}
	rich, err := loaded.Pick(ctx, TagRich)
	if err != nil {
		t.Fatal(err)
	}
	copies, err := loaded.CopiesOf(ctx, rich[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	where := map[string]bool{}
	for _, c := range copies {
		where[c.Dataset] = true
	}
	for _, d := range []string{"crm.contacts", "crm.leads", "crm.call_logs", "crm.notes", "crm.tickets", "crm.invoices", "crm.webhook_log", "crm.audit_log",
		"crm.dead_letters", "crm.messages", "crm.import_rows", "crm.lead_field_values", "crm.device_contacts", "crm.tasks", "recordings.calls", "recordings.sidecars",
		"analytics.events", "files.leads_export", "files.calls_export", "files.visits_export", "imports.leads"} {
		if !where[d] {
			t.Errorf("the rich person has no copy in %s", d)
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := Build(context.Background(), dir, Options{People: 10}); err == nil {
		t.Error("built a world that is too small")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Build(ctx, dir, Options{People: 60, Now: testNow}); err == nil {
		t.Error("built in a cancelled context")
	}
	_, dir = build(t, 60, 1)
	if _, err := Build(context.Background(), dir, Options{People: 60, Now: testNow}); err == nil {
		t.Error("built over another world")
	}
}

func TestEmptiedWorldHasNoTraces(t *testing.T) {
	tr, dir := build(t, 60, 5)
	empty(t, dir)
	if s := snapshot(t, tr, dir, SnapOptions{}); s.Traces() != 0 || s.Records != 0 {
		t.Errorf("%d traces in %d records", s.Traces(), s.Records)
	}
}

func empty(t *testing.T, dir string) {
	t.Helper()
	db := open(t, dir)
	for i := len(crm) - 1; i >= 0; i-- {
		if _, err := db.Exec("DELETE FROM " + crm[i].name); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range folders {
		root := filepath.Join(dir, f.path)
		if err := os.RemoveAll(root); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(root, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCompareWhere(t *testing.T) {
	tr, _ := build(t, 60, 5)
	ctx := context.Background()
	all, err := tr.CopiesOf(ctx, "P0000020")
	if err != nil {
		t.Fatal(err)
	}
	var reported []Copy
	for _, c := range all {
		if c.Source == "crm" {
			c.Unit += "[1,10001)"
		}
		reported = append(reported, c)
	}
	missing, strangers, err := tr.CompareWhere(ctx, reported, "P0000020")
	if err != nil || len(missing) != 0 || len(strangers) != 0 {
		t.Errorf("missing %v, strangers %v, %v", missing, strangers, err)
	}
	reported[0].Locator = "pk=0"
	mention := 0
	for i := range reported {
		if reported[i].Role == "mention" {
			mention = i
		}
	}
	reported[mention].Role = "subject"
	missing, strangers, err = tr.CompareWhere(ctx, reported, "P0000020")
	if err != nil || len(missing) != 2 || len(strangers) != 1 {
		t.Errorf("missing %d, strangers %d, %v", len(missing), len(strangers), err)
	}
}
