package crm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
)

// Nothing of an erased value stands in the bytes of the file afterwards: rows,
// overflow pages, indexes, statistics, earlier versions in gaps and free pages.
func TestErasedBytesAreGone(t *testing.T) {
	for _, setup := range []string{"", "PRAGMA journal_mode = wal;", "PRAGMA journal_mode = persist;", "PRAGMA auto_vacuum = incremental;", "PRAGMA auto_vacuum = full;", "PRAGMA page_size = 512;", "PRAGMA page_size = 65536;"} {
		t.Run(setup, func(t *testing.T) {
			f := newFixture(t, "t: id! phone@phone body~\nw: k! v~", setup+`
				CREATE TABLE t (id TEXT PRIMARY KEY, phone TEXT, body TEXT);
				CREATE INDEX ix ON t (phone, body); CREATE INDEX ix2 ON t (upper(phone) || 'secretexpr');
				CREATE TABLE w (k TEXT PRIMARY KEY, v) WITHOUT ROWID;`)
			rnd := rand.New(rand.NewPCG(1, 2))
			for _, i := range rnd.Perm(180) {
				long := strings.Repeat(fmt.Sprintf("secret%04d ", i), 1+rnd.IntN(1+i%7*i))
				f.exec("INSERT INTO t VALUES (?, ?, ?)", fmt.Sprintf("%04x-%d", rnd.IntN(65536), i), fmt.Sprintf("old%04dsecret", i), long)
				f.exec("INSERT INTO w VALUES (?, ?)", fmt.Sprintf("%04x-%d", rnd.IntN(65536), i), long)
			}
			f.exec("UPDATE t SET phone = 'new' || substr(phone, 4)") // earlier versions stay in gaps
			f.exec("UPDATE t SET body = substr(body, 1, length(body)/2) WHERE substr(id, 1, 1) < '8'")
			f.exec("ANALYZE")
			var ts, ws []connectors.Edit
			for i, id := range f.rows("SELECT id FROM t ORDER BY 1") {
				if i%3 == 0 {
					ts = append(ts, emptyFields("pk="+id, "phone", "body"))
				} else {
					ts = append(ts, del("pk="+id)...)
				}
			}
			for _, k := range f.rows("SELECT k FROM w") {
				ws = append(ws, del("pk="+k)...)
			}
			if setup == "PRAGMA journal_mode = wal;" {
				f.units() // an idle reader must not hinder the checkpoint
			}
			out := f.erase(work("t[1,10001)", ts...), work("w[,)", ws...))
			if out[0].Deleted != 120 || out[0].Redacted != 60 || !out[1].Gone {
				t.Errorf("%+v", out)
			}
			for _, s := range []string{"secret0", "old0", "new0", "SECRET", "secretexpr0"} {
				if f.rawHas(s) {
					t.Errorf("%q stands in the bytes of the file", s)
				}
			}
		})
	}
}

// A reader that keeps an old state alive keeps the log: the erasure says so, and
// running it again finishes the work.
func TestReaderHoldsTheLog(t *testing.T) {
	f := newFixture(t, "t: id! v~", "PRAGMA journal_mode = wal; CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1,'secretvalue'),(2,'other')")
	f.impatient()
	ctx := context.Background()
	ss, err := f.src.d.read(ctx, forNow)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = f.src.Erase(ctx, connectors.Unit{Key: "t[1,10001)"}, del("pk=1"))
	if !errors.Is(err, connectors.ErrBusy) {
		t.Errorf("%v", err)
	}
	if err := ss.end(ctx); err != nil {
		t.Fatal(err)
	}
	_, out, err := f.src.Erase(ctx, connectors.Unit{Key: "t[1,10001)"}, del("pk=1"))
	if err != nil || out.Missing != 1 || f.rawHas("secretvalue") {
		t.Errorf("%+v %v", out, err)
	}
}

const strangersCatalog = "p: id! name~ boss\nc: id! p>p.id body~\nd: a! b! c body~"

const strangersDDL = `
			PRAGMA synchronous = off;
			CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, boss INTEGER REFERENCES p(id) ON DELETE CASCADE);
			CREATE TABLE c (id TEXT PRIMARY KEY, p INTEGER, body TEXT, FOREIGN KEY (p) REFERENCES p ON DELETE SET NULL);
			CREATE TABLE d (a TEXT, b INTEGER, c TEXT REFERENCES c(id) ON DELETE CASCADE, body BLOB, PRIMARY KEY (a, b)) WITHOUT ROWID`

// Whatever is erased from whatever world, all other rows stay as they were and
// the references hold.
func TestStrangersAreUntouched(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		f := openFixture(t, fmt.Sprintf("%s/%d.db", dir, n), strangersCatalog, strangersDDL)
		maybe := func(max int) any {
			if v := rapid.IntRange(-2, max).Draw(rt, "ref"); v >= 0 {
				return v
			}
			return nil
		}
		size := rapid.IntRange(1, 12).Draw(rt, "size")
		gone := map[string]bool{}
		var w [3]connectors.UnitEdits
		w[0].Unit.Key, w[1].Unit.Key, w[2].Unit.Key = "p[1,10001)", "c[1,10001)", "d[,)"
		drop := func(i int, loc, body string) {
			switch rapid.IntRange(0, 3).Draw(rt, "fate") {
			case 0:
				w[i].Edits = append(w[i].Edits, del(loc)...)
				gone[body] = true
			case 1:
				w[i].Edits = append(w[i].Edits, emptyFields(loc, "name", "body"))
				gone[body] = true
			}
		}
		for i := range size {
			f.exec("INSERT INTO p VALUES (?, ?, ?)", i, fmt.Sprintf("pbody%d", i), maybe(size-1))
			drop(0, fmt.Sprintf("pk=%d", i), fmt.Sprintf("pbody%d", i))
			f.exec("INSERT INTO c VALUES (?, ?, ?)", fmt.Sprintf("c,%d", i), maybe(size-1), fmt.Sprintf("cbody%d", i))
			drop(1, fmt.Sprintf("pk=c,%d", i), fmt.Sprintf("cbody%d", i))
			cr := maybe(size - 1)
			if cr != nil {
				cr = fmt.Sprintf("c,%d", cr)
			}
			f.exec("INSERT INTO d VALUES (?, ?, ?, ?)", fmt.Sprintf("k,%d", i%3), i, cr, []byte(fmt.Sprintf("dbody%d", i)))
			drop(2, fmt.Sprintf(`pk=k\,%d,%d`, i%3, i), fmt.Sprintf("dbody%d", i))
		}
		q := []string{"SELECT name, id, boss FROM p", "SELECT body, id, p FROM c", "SELECT CAST(body AS TEXT), a, b, c FROM d"}
		var before []string
		for _, s := range q {
			before = append(before, f.rows(s)...)
		}
		f.erase(w[:]...)
		after := map[string]bool{}
		for _, s := range q {
			for _, r := range f.rows(s) {
				after[r] = true
			}
		}
		for _, r := range before {
			body, _, _ := strings.Cut(r, "|")
			if after[r] == gone[body] {
				rt.Fatalf("row %s: in the plan %v, unchanged afterwards %v", r, gone[body], after[r])
			}
		}
		if bad := f.rows("PRAGMA foreign_key_check"); len(bad) > 0 {
			rt.Fatal(bad)
		}
		rawHasNone(rt, f.path, gone)
	})
}

// rawHasNone fails when one of the texts, with no digit after it, stands in the
// bytes of the file.
func rawHasNone(rt *rapid.T, path string, gone map[string]bool) {
	raw, err := os.ReadFile(path)
	if err != nil {
		rt.Fatal(err)
	}
	for body := range gone {
		for rest := raw; ; {
			i := bytes.Index(rest, []byte(body))
			if i < 0 {
				break
			}
			rest = rest[i+len(body):]
			if len(rest) == 0 || rest[0] < '0' || rest[0] > '9' {
				rt.Fatalf("%s stands in the bytes of the file", body)
			}
		}
	}
}
