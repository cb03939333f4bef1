package audit

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

var testAEAD = func() cipher.AEAD {
	b, err := aes.NewCipher(bytes.Repeat([]byte{9}, 32))
	if err != nil {
		panic(err)
	}
	a, err := cipher.NewGCM(b)
	if err != nil {
		panic(err)
	}
	return a
}()

// seal is deterministic so that the tests are.
func seal(b []byte) []byte {
	sum := sha256.Sum256(b)
	return testAEAD.Seal(sum[:12:12], sum[:12], b, nil)
}

func unseal(b []byte) ([]byte, error) {
	if len(b) < 12 {
		return nil, errors.New("short")
	}
	return testAEAD.Open(nil, b[:12], b[12:], nil)
}

func open(t testing.TB, dir, plan string) *Journal {
	t.Helper()
	j, err := OpenJournal(dir, plan, seal, unseal)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func ok(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestJournal(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, "P-1")
	ok(t, j.Record(0, Intent, []byte("crm.leads pk=7")), j.Record(0, Done, nil),
		j.RecordAll([]Record{{0, Proven, []byte("x")}, {5, Intent, []byte("later")}, {6, Stale, nil}}))
	if _, err := OpenJournal(dir, "P-1", seal, unseal); !errors.Is(err, ErrInUse) {
		t.Fatal(err)
	}
	ok(t, j.Close())
	if err := j.Record(1, Done, nil); err == nil {
		t.Fatal("a closed journal records")
	}
	j = open(t, dir, "P-1")
	if s, d := j.Last(0); s != Proven || string(d) != "x" {
		t.Fatal(s, d)
	}
	if s, d := j.Last(5); s != Intent || string(d) != "later" {
		t.Fatal(s, d)
	}
	if s, d := j.Last(99); s != "" || d != nil {
		t.Fatal(s, d)
	}
	if c := j.Counts(); c[Proven] != 1 || c[Intent] != 1 || c[Stale] != 1 || j.Finished() {
		t.Fatal(c)
	}
	if j.Record(-1, Done, nil) == nil || j.Record(1, "odd", nil) == nil || j.Record(1, finished, nil) == nil {
		t.Fatal("an odd record was taken")
	}
	ok(t, j.Finish([]byte("cert")))
	if err := j.Record(9, Intent, nil); !errors.Is(err, ErrFinished) {
		t.Fatal(err)
	}
	ok(t, j.Close())
	j = open(t, dir, "P-1")
	if d, done := j.Result(); !done || string(d) != "cert" || !j.Finished() {
		t.Fatal(done, d)
	}
	if s, _ := j.Last(finishStep); s != "" {
		t.Fatal("the end is no step")
	}
	ok(t, j.Close())
	raw, err := os.ReadFile(filepath.Join(dir, "P-1.ndjson"))
	if err != nil || bytes.Contains(raw, []byte("leads")) {
		t.Fatal("the journal shows a locator", err)
	}
	for _, bad := range []string{"", "../x", "a/b", ".x", "a b"} {
		if _, err := OpenJournal(dir, bad, seal, unseal); err == nil {
			t.Errorf("plan %q was opened", bad)
		}
	}
}

// TestJournalTornAtEveryByte cuts the file everywhere: the complete lines replay,
// and recording goes on.
func TestJournalTornAtEveryByte(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, "p")
	states := []State{Intent, Done, Proven}
	for i := range 9 {
		ok(t, j.Record(i/3, states[i%3], fmt.Appendf(nil, "detail %d", i)))
	}
	ok(t, j.Finish(nil), j.Close())
	path := filepath.Join(dir, "p.ndjson")
	whole, err := os.ReadFile(path)
	ok(t, err)
	for cut := 0; cut <= len(whole); cut++ {
		for _, tail := range []string{"", "\x00\n"} {
			ok(t, os.WriteFile(path, append(bytes.Clone(whole[:cut]), tail...), 0o600))
			j := open(t, dir, "p")
			lines := bytes.Count(whole[:cut], []byte("\n"))
			if int(j.lines) != lines || j.Finished() != (lines == 10) {
				t.Fatalf("cut %d: %d lines, want %d", cut, j.lines, lines)
			}
			for step := range 3 {
				want := State("")
				if n := min(lines-3*step, 3); n > 0 {
					want = states[n-1]
				}
				if s, _ := j.Last(step); s != want {
					t.Fatalf("cut %d: step %d is %q, want %q", cut, step, s, want)
				}
			}
			if cut%101 == 0 && lines < 10 {
				ok(t, j.Record(7, Failed, nil), j.Close())
				j = open(t, dir, "p")
				if s, _ := j.Last(7); s != Failed {
					t.Fatalf("cut %d: %q", cut, s)
				}
			}
			ok(t, j.Close())
		}
	}
}

func TestJournalDamageIsAnError(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, "p")
	for i := range 4 {
		ok(t, j.Record(i, Done, nil))
	}
	ok(t, j.Close())
	path := filepath.Join(dir, "p.ndjson")
	whole, err := os.ReadFile(path)
	ok(t, err)
	lines := bytes.SplitAfter(whole, []byte("\n"))
	cases := map[string][]byte{
		"removed":   bytes.Join([][]byte{lines[0], lines[2], lines[3]}, nil),
		"swapped":   bytes.Join([][]byte{lines[1], lines[0], lines[2], lines[3]}, nil),
		"doubled":   bytes.Join([][]byte{lines[0], lines[0], lines[1]}, nil),
		"not ours":  []byte("aGVsbG8gd29ybGQgaGVsbG8=\n"),
		"no base64": []byte("{}\n"),
		"zeros":     append([]byte("\x00\n"), lines[0]...),
	}
	for name, b := range cases {
		ok(t, os.WriteFile(path, b, 0o600))
		if _, err := OpenJournal(dir, "p", seal, unseal); !errors.Is(err, ErrJournal) {
			t.Errorf("%s: %v", name, err)
		}
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, b) {
			t.Errorf("%s: a damaged journal was changed", name)
		}
	}
	ok(t, os.WriteFile(filepath.Join(dir, "q.ndjson"), whole, 0o600))
	if _, err := OpenJournal(dir, "q", seal, unseal); !errors.Is(err, ErrJournal) {
		t.Errorf("another plan's journal: %v", err)
	}
	wrong := func([]byte) ([]byte, error) { return nil, errors.New("wrong key") }
	ok(t, os.WriteFile(path, whole, 0o600))
	if _, err := OpenJournal(dir, "p", seal, wrong); !errors.Is(err, ErrJournal) {
		t.Errorf("wrong key: %v", err)
	}
	if _, err := OpenJournal(dir, "r", func([]byte) []byte { return nil }, unseal); err != nil {
		t.Error(err)
	}
}

func TestJournalReplayProperty(t *testing.T) {
	base := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		plan := fmt.Sprint("p", n)
		want := map[int]Record{}
		for range rapid.IntRange(1, 2).Draw(t, "runs") {
			j, err := OpenJournal(base, plan, seal, unseal)
			if err != nil {
				t.Fatal(err)
			}
			for range rapid.IntRange(0, 2).Draw(t, "records") {
				r := Record{rapid.IntRange(0, 3).Draw(t, "step"),
					rapid.SampledFrom([]State{Intent, Done, Proven, Failed, Stale}).Draw(t, "state"),
					rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "detail")}
				list := []Record{r, r}
				for range rapid.IntRange(0, 4).Draw(t, "more") { // steps behind it, that mostly share its line
					r.Step++
					r.Detail = rapid.SampledFrom([][]byte{nil, nil, {1}}).Draw(t, "its detail")
					list = append(list, r)
				}
				if err := j.RecordAll(list); err != nil {
					t.Fatal(err)
				}
				for _, r := range list {
					want[r.Step] = r
				}
			}
			for step, r := range want {
				if s, d := j.Last(step); s != r.State || !bytes.Equal(d, r.Detail) {
					t.Fatal(step, s, r.State)
				}
			}
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestJournalSharesLines holds that the journal of a plan with very many steps does not
// grow by a line for each.
func TestJournalSharesLines(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, "p")
	list := make([]Record, 1000)
	for i := range list {
		list[i] = Record{Step: i, State: Done}
	}
	list[500].Detail = []byte("3")
	list[700].State = Failed
	ok(t, j.RecordAll(list))
	if j.lines != 5 {
		t.Errorf("%d lines, want those of 0 to 499, 500, 501 to 699, 700, and the rest", j.lines)
	}
	ok(t, j.Close())
	j = open(t, dir, "p")
	for i := range list {
		if s, d := j.Last(i); s != list[i].State || !bytes.Equal(d, list[i].Detail) {
			t.Fatalf("step %d is %s %q", i, s, d)
		}
	}
	if s, _ := j.Last(1000); s != "" || j.Counts()[Done] != 999 {
		t.Errorf("behind the last: %q; %v", s, j.Counts())
	}
	ok(t, j.Close())
}

func FuzzJournalReplay(f *testing.F) {
	var good []byte
	for i := range 3 {
		line, err := sealLine("p", int64(i), []Record{{i, Done, []byte("d")}}, seal)
		if err != nil {
			f.Fatal(err)
		}
		good = append(good, line...)
	}
	f.Add(good)
	f.Add(good[:len(good)-5])
	f.Add([]byte("\n\n"))
	f.Add([]byte("AAAA\n\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		path := filepath.Join(dir, "p.ndjson")
		ok(t, os.WriteFile(path, b, 0o600))
		j, err := OpenJournal(dir, "p", seal, unseal)
		if err != nil {
			if !errors.Is(err, ErrJournal) {
				t.Fatal(err)
			}
			return
		}
		lines := j.lines
		if !j.Finished() {
			ok(t, j.Record(3, Intent, nil))
			lines++
		}
		ok(t, j.Close())
		j = open(t, dir, "p")
		if j.lines != lines {
			t.Fatal(j.lines, lines)
		}
		ok(t, j.Close())
	})
}

// TestJournalSetAside holds that a journal which was set aside is kept, and that the plan
// has an empty one.
func TestJournalSetAside(t *testing.T) {
	dir := t.TempDir()
	for round := 1; round <= 2; round++ {
		j := open(t, dir, "P-1")
		if !j.Empty() || j.Finished() {
			t.Fatalf("round %d: the journal is not empty", round)
		}
		ok(t, j.Record(0, Done, nil), j.Finish([]byte("{}")))
		if j.Empty() {
			t.Fatal("a journal with two records is empty")
		}
		ok(t, j.SetAside())
		kept, err := filepath.Glob(filepath.Join(dir, "P-1.aside-*"))
		if err != nil || len(kept) != round {
			t.Fatalf("set aside %d times, and there are %v (%v)", round, kept, err)
		}
	}
}
