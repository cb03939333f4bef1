package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))

func verify(msg, sig []byte) bool {
	return ed25519.Verify(testKey.Public().(ed25519.PublicKey), msg, sig)
}

var at = time.Date(2026, 6, 27, 6, 30, 1, 0, time.UTC)

func options() Options {
	return Options{At: at, Tool: "sutra test", Policy: Policy{"cratio-privacy", "2026-04-21", "ab"}, KeyID: "k1",
		Sign: func(b []byte) []byte { return ed25519.Sign(testKey, b) }}
}

func ok(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func info() Info {
	return Info{
		Request: Request{ID: "R-7", Type: "access", ReceivedOn: "2026-06-20"},
		Subject: []string{"+919876543210"}, Account: "A1",
		Processing: []Processing{{Category: "user.contact", Purpose: "to run the CRM"}},
		Recipients: []Recipient{{Name: "Amazon Web Services", Role: "processor", Purpose: "hosting", Location: "Mumbai, ap-south-1"}},
		Retention:  []Retention{{Class: "account_crm", Period: "30 days", Kept: []Kept{{1, "law", "CGST Act s.36", "2034-04-01"}}}},
		Coverage: []Coverage{
			{Source: "crm", Searched: true, How: "index", Datasets: []DatasetCoverage{
				{Name: "crm.leads", Searched: true, Hits: 3}, {Name: "crm.deals", Searched: true}}},
			{Source: "whatsapp", WhyNot: "the bucket cannot be reached", Gaps: []Gap{{Reason: "access denied"}}}},
		Redactions: []Redaction{{Reason: "other_person", Count: 2}},
	}
}

var leadFields = []FieldInfo{{Name: "name", Categories: []string{"user.name"}},
	{Name: "phone", Categories: []string{"user.contact.phone_number", "user.contact"}, Note: "mobile"}, {Name: "payload"}}

// write makes a small bundle with all that there is.
func write(t testing.TB, path string, o Options) Manifest {
	t.Helper()
	w, err := Create(path, o)
	ok(t, err)
	leads, err := w.Dataset("crm.leads", leadFields)
	ok(t, err)
	deals, err := w.Dataset("crm.deals", []FieldInfo{{Name: "_record"}, {Name: "amount"}})
	ok(t, err)
	ok(t, leads.Row([]Cell{String("Asha \"A\" Rao"), String("+919876543210"), {JSON, `{ "q": [1, 2.50] }`}},
		RowMeta{Unit: "leads[1,9)", Locator: "pk=1", RecordedAt: at, EraseAfter: at.AddDate(0, 1, 0), Class: "account_crm", Source: "IndiaMART"}))
	name, err := w.File("calls/2026/asha.mp3", func(w io.Writer) error { _, err := io.WriteString(w, "sound"); return err })
	ok(t, err)
	if name != "recordings/calls/2026/asha.mp3" {
		t.Fatal(name)
	}
	ok(t, leads.Row([]Cell{String("=cmd|' /C calc'!A0")}, RowMeta{Locator: "pk=2", RecordedAt: at.AddDate(-1, 0, 0), Class: "account_crm"}))
	ok(t, leads.RowMap(map[string]any{"name": "a\r\nb", "phone": nil, "payload": json.RawMessage("{broken")}, RowMeta{Locator: "pk=3"}))
	ok(t, leads.Close(), leads.Close(), deals.Close())
	m, err := w.Close(info())
	ok(t, err, w.Abort())
	return m
}

func entries(t testing.TB, path string) map[string]string {
	t.Helper()
	z, err := zip.OpenReader(path)
	ok(t, err)
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		ok(t, err)
		b, err := io.ReadAll(r)
		ok(t, err, r.Close())
		out[f.Name] = string(b)
		if !f.Modified.Equal(time.Date(2026, 6, 27, 12, 0, 0, 0, time.UTC)) || len(f.Extra) > 0 || f.Flags&8 != 0 {
			t.Errorf("%s: time %v, extra %x, flags %x", f.Name, f.Modified, f.Extra, f.Flags)
		}
	}
	ok(t, z.Close())
	return out
}

// only checks that a folder holds these files and nothing else.
func only(t testing.TB, dir string, names ...string) {
	t.Helper()
	found, err := os.ReadDir(dir)
	ok(t, err)
	var got []string
	for _, f := range found {
		got = append(got, f.Name())
	}
	if d := cmp.Diff(names, got); d != "" {
		t.Fatalf("the folder holds: %s", d)
	}
}

func TestBundleContents(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "b.zip")
	m := write(t, path, options())
	only(t, dir, "b.zip")
	if m.Counts != (Counts{Datasets: 2, Records: 3, Files: 1, FileBytes: 5, Redacted: 2, Gaps: 1}) {
		t.Fatalf("%+v", m.Counts)
	}
	e := entries(t, path)
	for _, n := range []string{"00_README.txt", "01_summary.md", "coverage.json", "04_retention.json", "redactions.json", "05_rights.json",
		"03_recipients.json", "02_processing.json", "dictionary.json", "manifest.json", "data/crm.leads.json", "data/crm.leads.csv",
		"data/crm.deals.json", "data/crm.deals.csv", "recordings/calls/2026/asha.mp3"} {
		if _, ok := e[n]; !ok {
			t.Errorf("%s is missing", n)
		}
		if strings.HasSuffix(n, ".json") && !json.Valid([]byte(e[n])) {
			t.Errorf("%s is no JSON", n)
		}
	}
	want := "[\n" +
		`{"name":"Asha \"A\" Rao","phone":"+919876543210","payload":{"q":[1,2.50]},"_record":{"unit":"leads[1,9)","locator":"pk=1","recorded_at":"2026-06-27T12:00:01+05:30","erase_after":"2026-07-27T12:00:01+05:30","class":"account_crm","source":"IndiaMART"}},` + "\n" +
		`{"name":"=cmd|' /C calc'!A0","phone":null,"payload":null,"_record":{"locator":"pk=2","recorded_at":"2025-06-27T12:00:01+05:30","class":"account_crm"}},` + "\n" +
		`{"name":"a\r\nb","phone":null,"payload":"{broken","_record":{"locator":"pk=3"}}` + "\n]\n"
	if d := cmp.Diff(want, e["data/crm.leads.json"]); d != "" {
		t.Error(d)
	}
	wantCSV := "name,phone,payload,_record.unit,_record.locator,_record.recorded_at,_record.erase_after,_record.class,_record.source,_record.role,_record.note\r\n" +
		`"Asha ""A"" Rao",'+919876543210,"{ ""q"": [1, 2.50] }","leads[1,9)",pk=1,2026-06-27T12:00:01+05:30,2026-07-27T12:00:01+05:30,account_crm,IndiaMART,,` + "\r\n" +
		`'=cmd|' /C calc'!A0,,,,pk=2,2025-06-27T12:00:01+05:30,,account_crm,,,` + "\r\n" +
		"\"a\r\nb\",,{broken,,pk=3,,,,,,\r\n"
	if d := cmp.Diff(wantCSV, e["data/crm.leads.csv"]); d != "" {
		t.Error(d)
	}
	if e["data/crm.deals.json"] != "[]\n" || !strings.HasPrefix(e["data/crm.deals.csv"], "_record,amount,__record.unit,") {
		t.Errorf("%q %q", e["data/crm.deals.json"], e["data/crm.deals.csv"])
	}
	for n, has := range map[string][]string{
		"01_summary.md":     {"3 records in 2 datasets, and 1 recording or attachment", "| user.name | 3 | 2025-06-27 | 2026-06-27 |", `| user.contact.phone\_number | 1 |`, "support@cratio.com", "CGST Act s.36", "Backups are not searched", "not searched: the bucket cannot be reached", "nomination"},
		"00_README.txt":     {"R-7", "support@cratio.com"},
		"coverage.json":     {`"result": "searched and found empty"`, `"result": "found"`, `"why_not": "the bucket cannot be reached"`, `"gaps": 1`},
		"04_retention.json": {`"records": 2`, `"erase_after_latest": "2026-07-27T12:00:01+05:30"`, `"period": "not stated"`},
		"redactions.json":   {`"total": 2`}, "05_rights.json": {"grievance"}, "03_recipients.json": {"ap-south-1"},
		"02_processing.json": {`"IndiaMART": 1`}, "dictionary.json": {`"note": "mobile"`, `"record_member": "__record"`},
	} {
		for _, h := range has {
			if !strings.Contains(e[n], h) {
				t.Errorf("%s lacks %q:\n%s", n, h, e[n])
			}
		}
	}
	if rep, err := Verify(path, verify); err != nil || !rep.OK || rep.Entries != 14 {
		t.Fatalf("%v %+v", err, rep)
	}
}

func TestEqualInputEqualBytes(t *testing.T) {
	dir := t.TempDir()
	var first []byte
	for i := range 3 {
		path := filepath.Join(dir, fmt.Sprint(i, ".zip"))
		write(t, path, options())
		b, err := os.ReadFile(path)
		ok(t, err)
		if i > 0 && !bytes.Equal(first, b) {
			t.Fatal("equal input, other bytes")
		}
		first = b
	}
}

func TestExistingPathIsRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "b.zip")
	ok(t, os.WriteFile(path, []byte("mine"), 0o600))
	if _, err := Create(path, options()); !errors.Is(err, ErrExists) {
		t.Fatal(err)
	}
	ok(t, os.Remove(path))
	w, err := Create(path, options())
	ok(t, err)
	ok(t, os.WriteFile(path, []byte("mine"), 0o600)) // it came while we wrote
	if _, err := w.Close(info()); !errors.Is(err, ErrExists) {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "mine" {
		t.Fatal("a file was overwritten")
	}
	only(t, dir, "b.zip")
	if _, err := w.Close(info()); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if _, err := Create(filepath.Join(dir, "none", "b.zip"), options()); err == nil {
		t.Fatal("a folder that is not there was taken")
	}
	if _, err := Create(filepath.Join(dir, "c.zip"), Options{At: at, Recipient: "age1wrong"}); err == nil {
		t.Fatal("a wrong recipient was taken")
	}
	if _, err := Create(filepath.Join(dir, "c.zip"), Options{}); err == nil {
		t.Fatal("no time was taken")
	}
	only(t, dir, "b.zip")
}

func TestAbortLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "b.zip")
	w, err := Create(path, options())
	ok(t, err)
	tab, err := w.Dataset("crm.leads", leadFields)
	ok(t, err)
	ok(t, tab.Row([]Cell{String("Asha Rao")}, RowMeta{}))
	found, err := os.ReadDir(dir)
	ok(t, err)
	if st, err := os.Stat(filepath.Join(dir, found[0].Name())); err != nil || st.Mode().Perm() != 0o700 {
		t.Fatal("the temp folder is open to others", err)
	}
	if _, err := w.Close(info()); err == nil {
		t.Fatal("a bundle with an open table was closed")
	}
	only(t, dir)
	if _, err := w.Dataset("x", nil); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if _, err := w.File("x", func(io.Writer) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	ok(t, w.Abort())
	if tab.Close() == nil {
		t.Fatal("a table outlived its bundle")
	}
	w, err = Create(path, options())
	ok(t, err)
	ok(t, w.Abort(), w.Abort())
	only(t, dir)
}

func TestCrashedRunsAreSwept(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "b.zip")
	ok(t, os.MkdirAll(filepath.Join(dir, ".b.zip.partial-123", "x"), 0o700))
	ok(t, os.MkdirAll(filepath.Join(dir, ".c.zip.partial-1"), 0o700))
	first, err := Create(path, options())
	ok(t, err)
	second, err := Create(path, options()) // must not take away the first one's folder
	ok(t, err)
	_, err = first.Close(info())
	ok(t, err, second.Abort())
	only(t, dir, ".c.zip.partial-1", "b.zip")
}

func TestFileThatFailsIsLeftOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.zip")
	w, err := Create(path, options())
	ok(t, err)
	gone := errors.New("gone")
	if _, err := w.File("a.wav", func(w io.Writer) error {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			return err
		}
		return gone
	}); !errors.Is(err, gone) {
		t.Fatal(err)
	}
	name, err := w.File("a.wav", func(w io.Writer) error { _, err := w.Write([]byte("x")); return err })
	ok(t, err)
	if name != "recordings/a.wav" {
		t.Fatal(name)
	}
	m, err := w.Close(info())
	ok(t, err)
	if m.Counts.Files != 1 || entries(t, path)["recordings/a.wav"] != "x" {
		t.Fatal(m.Counts)
	}
}

func TestTableMisuse(t *testing.T) {
	w, err := Create(filepath.Join(t.TempDir(), "b.zip"), options())
	ok(t, err)
	if _, err := w.Dataset("x", []FieldInfo{{Name: "a"}, {Name: "a"}}); err == nil {
		t.Error("a field twice")
	}
	tab, err := w.Dataset("x/y", []FieldInfo{{Name: "a"}})
	ok(t, err)
	if _, err := w.Dataset("x/y", nil); err == nil {
		t.Error("a dataset twice")
	}
	other, err := w.Dataset("X/Y", []FieldInfo{{Name: "a"}}) // another table of a database that tells them apart
	ok(t, err, other.RowMap(map[string]any{"a": 2}, RowMeta{}), other.Close())
	if _, err := w.Dataset("X/Y", nil); err == nil {
		t.Error("the other dataset twice")
	}
	if tab.Row(make([]Cell, 2), RowMeta{}) == nil || tab.RowMap(map[string]any{"b": 1}, RowMeta{}) == nil ||
		tab.RowMap(map[string]any{"a": func() {}}, RowMeta{}) == nil {
		t.Error("an odd record was taken")
	}
	ok(t, tab.RowMap(map[string]any{"a": map[string]any{"n": 1.5, "t": "<&>"}}, RowMeta{}), tab.Close())
	if tab.Row(nil, RowMeta{}) == nil {
		t.Error("a closed table takes records")
	}
	m, err := w.Close(Info{})
	ok(t, err)
	if m.Entries[0].Path != "data/x_y.json" || m.Entries[0].MediaType != "application/json" {
		t.Error(m.Entries[0])
	}
	b := entries(t, w.path)
	if b["data/x_y.json"] != "[\n{\"a\":{\"n\":1.5,\"t\":\"<&>\"},\"_record\":{}}\n]\n" || !strings.Contains(b["coverage.json"], `"name": "x/y"`) {
		t.Error(b["data/x_y.json"], b["coverage.json"])
	}
	if !strings.Contains(b["data/X_Y.2.json"], `"a":2`) || !strings.Contains(b["coverage.json"], `"name": "X/Y"`) {
		t.Error(b["data/X_Y.2.json"], b["coverage.json"])
	}
}

func TestEncryptedToRecipient(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	ok(t, err)
	o, dir := options(), t.TempDir()
	o.Recipient = id.Recipient().String()
	path := filepath.Join(dir, "b.zip")
	write(t, path, o)
	only(t, dir, "b.zip")
	if _, err := Verify(path, verify); !errors.Is(err, ErrEncrypted) {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	ok(t, err)
	r, err := age.Decrypt(f, id)
	ok(t, err)
	b, err := io.ReadAll(r)
	ok(t, err, f.Close())
	clear := filepath.Join(dir, "clear.zip")
	ok(t, os.WriteFile(clear, b, 0o600))
	if rep, err := Verify(clear, verify); err != nil || !rep.OK {
		t.Fatal(err, rep)
	}
}
