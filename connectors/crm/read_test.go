package crm

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
)

func keys(us []connectors.Unit) []string {
	var out []string
	for _, u := range us {
		out = append(out, u.Key)
	}
	return out
}

func TestUnits(t *testing.T) {
	f := newFixture(t, "leads: id! name~\nkv: k! v~\nempty: id!\nnothing: id!\nv: id!\nfts: body~", `
		CREATE TABLE leads (id INTEGER PRIMARY KEY, name TEXT);
		INSERT INTO leads VALUES (-10000,'a'),(0,'b'),(1,'c'),(10000,'d'),(10001,'e'),(9223372036854775807,'z'),(-9223372036854775808,'y');
		CREATE TABLE kv (k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO kv VALUES ('x', 1);
		CREATE TABLE empty (id INTEGER PRIMARY KEY);
		CREATE VIEW v AS SELECT id FROM leads;
		CREATE VIRTUAL TABLE fts USING fts5(body);`)
	us := f.units()
	want := []string{"leads[,-9223372036854769999)", "leads[-19999,-9999)", "leads[-9999,1)", "leads[1,10001)", "leads[10001,20001)",
		"leads[9223372036854770001,)", "kv[,)", "nothing[,)", "v[,)", "fts[,)"}
	got := keys(us)
	got[0] = want[0] // the lowest range is only checked for its open end
	if !strings.HasPrefix(keys(us)[0], "leads[,") {
		t.Errorf("lowest range: %s", keys(us)[0])
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	total := 0
	for _, u := range us {
		_, recs, _, err := f.collect(f.src.Read(context.Background(), u))
		if strings.HasPrefix(u.Key, "leads") {
			total += len(recs)
		}
		refused := u.Key == "nothing[,)" || u.Key == "v[,)" || u.Key == "fts[,)"
		if (err != nil) != refused || errors.Is(err, connectors.ErrNotFound) {
			t.Errorf("%s: %v", u.Key, err)
		}
	}
	if total != 7 {
		t.Errorf("%d rows of 7 read", total)
	}
	if _, _, _, err := f.collect(f.src.Read(context.Background(), connectors.Unit{Key: "leads[50001,60001)"})); !errors.Is(err, connectors.ErrNotFound) {
		t.Errorf("a range without rows: %v", err)
	}
}

func TestSparseNumbersWidenTheRanges(t *testing.T) {
	f := newFixture(t, "t: id!", `CREATE TABLE t (id INTEGER PRIMARY KEY);
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 6000) INSERT INTO t SELECT i * 1000000007 FROM n;`)
	us, rows := f.units(), 0
	for _, u := range us {
		l, _ := f.read(u.Key)
		rows += len(l)
	}
	if len(us) >= manyUnits || rows != 6000 {
		t.Errorf("%d units, %d rows", len(us), rows)
	}
}

func TestValues(t *testing.T) {
	f := newFixture(t, "t: id! gone~ body{ whole@phone", `
		CREATE TABLE t (id INTEGER PRIMARY KEY, at DATETIME, flag BOOLEAN, r REAL, body BLOB, WHOLE TEXT, bad TEXT, js JSON, jb JSONB, dbl AS (r*2), extra);
		INSERT INTO t VALUES (1, '2024-01-02 03:04:05', 1, 0.1, '{"a":1', '+91', CAST(x'41FF42' AS TEXT), '{"b":2}', jsonb('{"c":3}'), x'FFFE41004200');
		INSERT INTO t VALUES (2, 1700000000, NULL, 1e300, x'FF00', NULL, 'ok', NULL, NULL, x'C3A9');
		INSERT INTO t VALUES (3, '', 0, 5, x'', '', char(0), '', '', -9223372036854775808);`)
	var fields []connectors.Field
	for b, err := range f.src.Read(context.Background(), connectors.Unit{Key: "t[1,10001)"}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range b.Rows.Schema().Fields()[1:] {
			fields = append(fields, connectors.FieldOf(a))
		}
	}
	looks := map[string]connectors.Look{}
	for _, x := range fields {
		looks[x.Name] = x.Look
	}
	for name, want := range map[string]connectors.Look{"body": "json", "js": "json", "jb": "json", "whole": "", "extra": ""} {
		if got, ok := looks[name]; !ok || got != want {
			t.Errorf("look of %s: %q %v", name, got, ok)
		}
	}
	locs, recs, gaps, err := f.collect(f.src.Read(context.Background(), connectors.Unit{Key: "t[1,10001)"}))
	if err != nil || len(locs) != 3 {
		t.Fatal(locs, err)
	}
	if len(gaps) != 1 || !strings.Contains(gaps[0], `"gone"`) {
		t.Errorf("gaps %q", gaps)
	}
	want := map[string]record{
		"pk=1": {"id": "1", "at": "2024-01-02 03:04:05", "flag": "1", "r": "0.1", "body": `{"a":1`, "whole": "+91", "bad": "A\uFFFDB", "js": `{"b":2}`, "jb": `{"c":3}`, "dbl": "0.2", "extra": "AB"},
		"pk=2": {"id": "2", "at": "1700000000", "r": "1e+300", "body": "\uFFFD\x00", "bad": "ok", "dbl": "2e+300", "extra": "é"},
		"pk=3": {"id": "3", "at": "", "flag": "0", "r": "5", "body": "", "whole": "", "bad": "\x00", "js": "", "jb": "", "dbl": "10", "extra": "-9223372036854775808"},
	}
	if d := cmp.Diff(want, recs); d != "" {
		t.Error(d)
	}
}

func TestFingerprintAndDigest(t *testing.T) {
	for _, mode := range []string{"delete", "wal", "persist"} {
		t.Run(mode, func(t *testing.T) {
			f := newFixture(t, "t: id! v~", "PRAGMA journal_mode="+mode+"; CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1,'a'),(20000,'b')")
			ctx := context.Background()
			digest := func() (out []string) {
				for _, u := range f.units() {
					d, err := digesting{f.src}.Digest(ctx, u)
					if err != nil {
						t.Fatal(err)
					}
					out = append(out, d)
				}
				return out
			}
			one, d1 := f.units(), digest()
			if cmp.Diff(one, f.units()) != "" {
				t.Error("fingerprints changed by themselves")
			}
			f.exec("UPDATE t SET v = 'c' WHERE id = 20000")
			two, d2 := f.units(), digest()
			if one[0].Fingerprint == two[0].Fingerprint || two[0].Fingerprint == two[1].Fingerprint {
				t.Error("a write did not change the fingerprint")
			}
			if d1[0] != d2[0] || d1[1] == d2[1] {
				t.Error("digests do not follow the rows")
			}
			f.exec("UPDATE t SET v = x'63' WHERE id = 20000") // the same bytes in another type
			if d3 := digest(); d3[1] == d2[1] {
				t.Error("the digest does not tell types apart")
			}
		})
	}
}

func TestPick(t *testing.T) {
	f := newFixture(t, "t: a! b! v~\nu: id! v~", `CREATE TABLE t (a TEXT, b INTEGER, v, PRIMARY KEY (a, b));
		INSERT INTO t VALUES ('x,y', 1, 'one'), ('x', 1, 'two'), ('x\', 2, 'three'), (NULL, 3, 'nokey');
		CREATE TABLE u (id, v); INSERT INTO u VALUES (5,'int'), ('6','text'), (2.5,'real'), (x'00FF','blob')`)
	locs, _ := f.read("t[1,10001)")
	if d := cmp.Diff([]string{`pk=x\,y,1`, "pk=x,1", `pk=x\\,2`, "rowid=4"}, locs); d != "" {
		t.Fatal(d)
	}
	pick := func(unit string, locs ...string) []string {
		var refs []connectors.Ref
		for _, l := range locs {
			refs = append(refs, connectors.Ref{Unit: unit, Locator: l})
		}
		_, recs, _, err := f.collect(f.src.Pick(context.Background(), connectors.Unit{Key: unit}, refs))
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, l := range locs {
			if r, ok := recs[l]; ok {
				out = append(out, r["v"])
			}
		}
		return out
	}
	if d := cmp.Diff([]string{"one", "two", "three", "nokey"}, pick("t[1,10001)", append(locs, "pk=zz,9", "pk=x", "junk", "")...)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"int", "text", "real", "blob"}, pick("u[1,10001)", "pk=5", "pk=6", "pk=2.5", "pk=x'00ff'")); d != "" {
		t.Error(d)
	}
}

func TestPathsAndURLs(t *testing.T) {
	for _, name := range []string{"a b.db", "50%20?#&.db", "गाहक.db", "semi;colon'\".db"} {
		path := filepath.Join(t.TempDir(), name)
		f := openFixture(t, path, "t: id!", "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)")
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if locs, _ := f.read("t[1,10001)"); len(locs) != 1 {
			t.Errorf("%s: %v", name, locs)
		}
		if o := f.erase(work("t[1,10001)", del("pk=1")...)); o[0].Deleted != 1 || !o[0].Gone {
			t.Errorf("%s: %+v", name, o)
		}
	}
	for _, u := range []string{"", "crm.db", "file:"} {
		if _, err := SQLite().Open(context.Background(), connectors.Config{URL: u}); err == nil {
			t.Errorf("%q was taken", u)
		}
	}
}

func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	first := func(path string) error {
		src, err := SQLite().Open(context.Background(), connectors.Config{Name: "crm", URL: "file:" + path, Dataset: catalog("t: id!")})
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		for _, err := range src.Units(context.Background()) {
			return err
		}
		return nil
	}
	if err := first(filepath.Join(dir, "none.db")); err == nil || errors.Is(err, connectors.ErrNotFound) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "none.db")); err == nil {
		t.Error("the missing file was made")
	}
	junk := filepath.Join(dir, "junk.db")
	if err := os.WriteFile(junk, []byte(strings.Repeat("no database ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := first(junk); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("junk: %v", err)
	}
}

func TestLocked(t *testing.T) {
	f := newFixture(t, "t: id! v~", "CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1,'a')")
	f.impatient()
	f.units()
	f.exec("BEGIN EXCLUSIVE")
	_, _, _, err := f.collect(f.src.Read(context.Background(), connectors.Unit{Key: "t[1,10001)"}))
	if !errors.Is(err, connectors.ErrBusy) {
		t.Errorf("read: %v", err)
	}
	if _, _, err := f.src.Erase(context.Background(), connectors.Unit{Key: "t[1,10001)"}, del("pk=1")); !errors.Is(err, connectors.ErrBusy) {
		t.Errorf("erase: %v", err)
	}
	f.exec("ROLLBACK")
	f.erase(work("t[1,10001)", del("pk=1")...))
}

// A process that was killed in the middle of a commit leaves a journal behind:
// the half-written file must not be read as it is.
func TestJournalOfAKilledProcess(t *testing.T) {
	f := newFixture(t, "t: id! v~", "CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1,'before')")
	f.exec("PRAGMA cache_size = 1")
	f.exec("BEGIN; UPDATE t SET v = 'after'; CREATE TABLE big (x)")
	f.exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 3000) INSERT INTO big SELECT hex(randomblob(500)) FROM n")
	dead := filepath.Join(t.TempDir(), "dead.db")
	for _, s := range []string{"", "-journal"} {
		b, err := os.ReadFile(f.path + s)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dead+s, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f.exec("ROLLBACK")
	src, err := SQLite().Open(context.Background(), connectors.Config{Name: "crm", URL: "file:" + dead, Dataset: catalog("t: id! v~")})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	_, recs, _, err := f.collect(src.Read(context.Background(), connectors.Unit{Key: "t[1,10001)"}))
	if err != nil || recs["pk=1"]["v"] != "before" {
		t.Errorf("%v %v", recs, err)
	}
}

func TestReadStopsAndCancels(t *testing.T) {
	f := newFixture(t, "t: id! v~", `CREATE TABLE t (id INTEGER PRIMARY KEY, v);
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 5000) INSERT INTO t SELECT i, i FROM n`)
	for range f.src.Read(context.Background(), connectors.Unit{Key: "t[1,10001)"}) {
		break
	}
	ctx, cancel := context.WithCancel(context.Background())
	var got error
	for _, err := range f.src.Read(ctx, connectors.Unit{Key: "t[1,10001)"}) {
		cancel()
		got = err
	}
	if !errors.Is(got, context.Canceled) {
		t.Errorf("cancelled read: %v", got)
	}
	cancel()
	if l, _ := f.read("t[1,10001)"); len(l) != 5000 {
		t.Errorf("%d rows after that", len(l))
	}
}

func TestCheck(t *testing.T) {
	f := newFixture(t, "leads: id! name~ lost\nnone: id!", `CREATE TABLE leads (id INTEGER PRIMARY KEY, name TEXT, alt_mobile TEXT, file_name TEXT);
		CREATE TABLE side (id INTEGER PRIMARY KEY, emailId TEXT); CREATE TABLE bad (x REFERENCES side(emailId));
		CREATE TRIGGER tr AFTER DELETE ON leads BEGIN INSERT INTO side (emailId) VALUES (old.name); END;
		CREATE VIRTUAL TABLE search USING fts5(body)`)
	fs, err := f.src.Check(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, x := range fs {
		if x.Fatal {
			t.Errorf("fatal: %+v", x)
		}
		all.WriteString(x.What + ": " + x.Note + "\n")
	}
	for _, want := range []string{`"lost"`, `"alt_mobile"`, "emailId", `collection "none"`, "triggers", "search index", "foreign keys: a foreign key of table \"bad\"", "backups", "can be written", "quick_check found nothing"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("no finding with %s in\n%s", want, &all)
		}
	}
	if strings.Contains(all.String(), "file_name") {
		t.Error("file_name is nobody's name")
	}
}

func TestCloseTwiceAndConcurrentReads(t *testing.T) {
	f := newFixture(t, "t: id!", "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1),(10001),(20001)")
	errs := make(chan error)
	us := f.units()
	for _, u := range us {
		go func() {
			n := 0
			for b, err := range f.src.Read(context.Background(), u) {
				if err != nil {
					errs <- err
					return
				}
				n += int(b.Rows.NumRows())
			}
			if n != 1 {
				errs <- errors.New("rows lost")
				return
			}
			errs <- nil
		}()
	}
	for range us {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
