package chat

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

var cat = connectors.Collection{Name: "chats", Fields: []connectors.CatalogField{
	{Name: "sent_at"}, {Name: "author", Identity: "phone"}, {Name: "partner", Identity: "phone"}, {Name: "mention_author", Identity: "phone", Role: "mention"},
	{Name: "text"}, {Name: "attachment"}, {Name: "system"},
}}

// ordered is a catalog with the column that tells the order of dates.
var ordered = connectors.Collection{Name: "chats", Fields: append([]connectors.CatalogField{{Name: "date_order"}}, cat.Fields...)}

func input(data string) format.Input {
	return format.Input{
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(data)), nil },
		At:   func() (io.ReaderAt, int64, error) { return strings.NewReader(data), int64(len(data)), nil },
	}
}

// read returns the records as "N name=value | ...", and the gaps.
func read(t testing.TB, c format.Codec, data string) (rows []string, gaps []string, err error) {
	t.Helper()
	err = c.Decode(context.Background(), input(data), func(b connectors.Batch) error {
		for _, g := range b.Gaps {
			gaps = append(gaps, g.Locator+": "+g.Reason)
		}
		if b.Rows == nil {
			return nil
		}
		defer b.Rows.Release()
		for row := range int(b.Rows.NumRows()) {
			loc, _ := connectors.Value(b.Rows, 0, row)
			line := strings.TrimPrefix(loc, "line ")
			for col := 1; col < int(b.Rows.NumCols()); col++ {
				if v, ok := connectors.Value(b.Rows, col, row); ok {
					line += " | " + b.Rows.ColumnName(col) + "=" + v
				}
			}
			rows = append(rows, line)
		}
		return nil
	})
	return rows, gaps, err
}

func text(title string) format.Codec { return New("chats", "whatsapp", cat, title) }

func TestHeaders(t *testing.T) {
	for line, want := range map[string]string{
		"21/04/26, 10:15 - Asha: hello":                                                       "2026-04-21T10:15:00+05:30 | author=Asha | text=hello",
		"21/04/2026, 10:15 - Asha: hello":                                                     "2026-04-21T10:15:00+05:30 | author=Asha | text=hello",
		"4/21/26, 10:15\u202fPM - Asha: hello":                                                "2026-04-21T22:15:00+05:30 | author=Asha | text=hello",
		"21/4/26, 12:05 a. m. - Asha: hello":                                                  "2026-04-21T00:05:00+05:30 | author=Asha | text=hello",
		"21/4/26, 10:15\u00a0p.\u00a0m. - Asha: hello":                                        "2026-04-21T22:15:00+05:30 | author=Asha | text=hello",
		"[21/04/26, 10:15:07 PM] Asha: hello":                                                 "2026-04-21T22:15:07+05:30 | author=Asha | text=hello",
		"\u200e[21/04/26, 10:15:07\u202fAM] Asha: hi":                                         "2026-04-21T10:15:07+05:30 | author=Asha | text=hi",
		"21.04.26, 10:15 - Asha: hello":                                                       "2026-04-21T10:15:00+05:30 | author=Asha | text=hello",
		"21.4.2026 klo 10.15.09 - Asha: hello":                                                "2026-04-21T10:15:09+05:30 | author=Asha | text=hello",
		"[2026/04/21, 10:15:00] Asha: hello":                                                  "2026-04-21T10:15:00+05:30 | author=Asha | text=hello",
		"21/04/26, 10:15 - 🌸: hello : there":                                                  "2026-04-21T10:15:00+05:30 | author=🌸 | text=hello : there",
		"21/04/26, 10:15 - Asha:":                                                             "2026-04-21T10:15:00+05:30 | author=Asha",
		"21/04/26, 10:15 - Asha: ":                                                            "2026-04-21T10:15:00+05:30 | author=Asha",
		"21/04/26, 10:15 - +91 98765\u00a040001: hello":                                       "2026-04-21T10:15:00+05:30 | author=+91 98765\u00a040001 | text=hello",
		"21/04/26, 10:15 - Asha created group \"A: B\"":                                       "2026-04-21T10:15:00+05:30 | system=Asha created group \"A: B\"",
		"21/04/26, 10:15 - Asha: IMG-20260421-WA0001.jpg (file attached)\ncaption":            "2026-04-21T10:15:00+05:30 | author=Asha | text=IMG-20260421-WA0001.jpg (file attached)\ncaption | attachment=IMG-20260421-WA0001.jpg",
		"21/04/26, 10:15 - Asha: IMG-1.jpg (Datei angehängt)":                                 "2026-04-21T10:15:00+05:30 | author=Asha | text=IMG-1.jpg (Datei angehängt) | attachment=IMG-1.jpg",
		"[21/04/26, 10:15:00] Asha: \u200e<attached: 00000042-PHOTO-2026-04-21-10-15-00.jpg>": "2026-04-21T10:15:00+05:30 | author=Asha | text=\u200e<attached: 00000042-PHOTO-2026-04-21-10-15-00.jpg> | attachment=00000042-PHOTO-2026-04-21-10-15-00.jpg",
		"21/04/26, 10:15 - Asha: one\n2016-04-29 10:30:00 two\n\nthree":                       "2026-04-21T10:15:00+05:30 | author=Asha | text=one\n2016-04-29 10:30:00 two\n\nthree",
		"21/04/26, 10:15 - Asha: one\r\n21/04/26 not a header - x: y\r\n":                     "2026-04-21T10:15:00+05:30 | author=Asha | text=one\r\n21/04/26 not a header - x: y",
		"21/04/26, 10:15 - Asha: one\n[21/04/26, 10:16:00] Ravi: another kind of header":      "2026-04-21T10:15:00+05:30 | author=Asha | text=one\n[21/04/26, 10:16:00] Ravi: another kind of header",
		"\xEF\xBB\xBF21/04/26, 10:15 - Messages and calls are end-to-end encrypted.":          "2026-04-21T10:15:00+05:30 | system=Messages and calls are end-to-end encrypted.",
	} {
		rows, gaps, err := read(t, text(""), line)
		if err != nil || len(gaps) > 0 || len(rows) != 1 || rows[0] != "1 | sent_at="+want {
			t.Errorf("%q:\n got %q %v %v\nwant %q", line, rows, gaps, err, want)
		}
	}
}

func TestOrderOfDates(t *testing.T) {
	rows, gaps, err := read(t, text(""), "4/3/26, 10:15 - A: x\n4/21/26, 10:16 - A: y\n")
	if err != nil || len(gaps) > 0 || !strings.Contains(rows[0], "2026-04-03T") {
		t.Errorf("month first: %q %v %v", rows, gaps, err)
	}
	rows, gaps, err = read(t, text(""), "21/4/26, 10:15 - A: x\n4/3/26, 10:16 - A: y\n22/4/26, 10:17 - A: y\n4/23/26, 10:18 - A: z\n")
	if err != nil || len(gaps) != 1 || !strings.HasPrefix(gaps[0], "line 4: ") || strings.Contains(rows[3], "sent_at") || !strings.Contains(rows[1], "2026-03-04T") {
		t.Errorf("contradiction: %q %v %v", rows, gaps, err)
	}
	if _, gaps, err = read(t, text(""), "just\nsome text"); err != nil || len(gaps) != 1 {
		t.Errorf("no chat: %v %v", gaps, err)
	}
	if _, gaps, err = read(t, text(""), strings.Repeat("some text\n", 20_000)+"21/4/26, 10:15 - A: x\n"); err != nil || len(gaps) != 1 {
		t.Errorf("a header far behind: %v %v", gaps, err)
	}
	if _, gaps, err = read(t, text(""), "99/99/26, 10:15 - A: x\n"); err != nil || len(gaps) != 1 {
		t.Errorf("impossible date: %v %v", gaps, err)
	}
}

func TestTitle(t *testing.T) {
	for key, want := range map[string]string{
		"A1/WhatsApp Chat with +91 98765 40001.txt": "+91 98765 40001", "WhatsApp Chat - Asha.zip": "Asha", "WhatsApp Chat with Asha (1).txt": "Asha",
		"x/WhatsApp Chat - Asha/_chat.txt": "Asha", "WhatsApp-Chat mit Asha.txt": "Asha", "Chat de WhatsApp con Asha.txt": "Asha", "notes.txt": "", "_chat.txt": "",
	} {
		if got, _ := Title(key); got != want {
			t.Errorf("%q is called %q, want %q", key, got, want)
		}
	}
}

// Whose conversation it is decides what is erased with a person.
func TestWhoseConversation(t *testing.T) {
	talk := "21/04/26, 10:15 - +91 98765 40001: a\n21/04/26, 10:16 - Agent: b\n21/04/26, 10:17 - +91 98765 40002: c\n21/04/26, 10:18 - +91 98765 40001 left\n"
	for title, want := range map[string][]string{
		"+91 98765\u00a040001": {"author=+91 98765 40001 | partner=+91 98765\u00a040001", "partner=+91 98765\u00a040001 | mention_author=Agent",
			"partner=+91 98765\u00a040001 | mention_author=+91 98765 40002", "partner=+91 98765\u00a040001 | system="},
		"Buyers' group": {"author=+91 98765 40001 | text", "author=Agent", "author=+91 98765 40002", "system="},
	} {
		rows, _, err := read(t, text(title), talk)
		if err != nil || len(rows) != 4 {
			t.Fatal(rows, err)
		}
		for i, w := range want {
			if !strings.Contains(rows[i], w) {
				t.Errorf("%s: %q lacks %q", title, rows[i], w)
			}
		}
	}
	rows, _, _ := read(t, text("Asha"), "21/04/26, 10:15 - Asha: a\n21/04/26, 10:16 - Agent: b\n")
	if !strings.Contains(rows[0], "author=Asha | partner=Asha") || !strings.Contains(rows[1], "partner=Asha | mention_author=Agent") {
		t.Errorf("a chat of two: %q", rows)
	}
}

func edit(line string, a connectors.Action, f func(string, string) (string, connectors.Verdict)) connectors.Edit {
	e := connectors.Edit{Collection: "chats", Locator: "line " + line, Action: a}
	if f != nil {
		e.Rewrite = func(x connectors.Field, v string) (string, connectors.Verdict) { return f(x.Name, v) }
	}
	return e
}

func rewrite(t testing.TB, c format.Codec, data string, edits ...connectors.Edit) (string, int, connectors.Outcome) {
	t.Helper()
	var out bytes.Buffer
	ed := format.NewEdits(edits)
	left, err := c.Rewrite(context.Background(), input(data), &out, ed)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), left, ed.Outcome()
}

func TestRewrite(t *testing.T) {
	talk := "\xEF\xBB\xBF21/04/26, 10:15 - Asha: a\r\nmore\r\n21/04/26, 10:16 - Agent: call 98765 40001\r\nnow\r\n21/04/26, 10:17 - Asha: c"
	lines := strings.SplitAfter(strings.TrimPrefix(talk, "\xEF\xBB\xBF"), "\n")
	for _, tt := range []struct {
		edits []connectors.Edit
		want  string
		left  int
	}{
		{nil, talk, 3},
		{[]connectors.Edit{edit("1", connectors.Delete, nil)}, "\xEF\xBB\xBF" + strings.Join(lines[2:], ""), 2},
		{[]connectors.Edit{edit("3", connectors.Delete, nil), edit("5", connectors.Delete, nil)}, "\xEF\xBB\xBF" + strings.Join(lines[:2], ""), 1},
		{[]connectors.Edit{edit("3", connectors.Redact, func(name, v string) (string, connectors.Verdict) {
			if name == "text" {
				return strings.Replace(v, "98765 40001", "[erased]", 1), connectors.Set
			}
			return "", connectors.Same
		})}, strings.Replace(talk, "98765 40001", "[erased]", 1), 3},
		{[]connectors.Edit{edit("1", connectors.Redact, func(name, v string) (string, connectors.Verdict) {
			return "", connectors.Empty
		})}, strings.Replace(talk, "Asha: a\r\nmore", "-: ", 1), 3},
	} {
		got, left, o := rewrite(t, text(""), talk, tt.edits...)
		if got != tt.want || left != tt.left || o.Missing > 0 || o.Deleted+o.Redacted != len(tt.edits) {
			t.Errorf("%d edits: %d left, %+v\n%s", len(tt.edits), left, o, cmp.Diff(tt.want, got))
		}
	}
	got, _, _ := rewrite(t, text(""), talk, edit("1", connectors.Redact, func(name, v string) (string, connectors.Verdict) {
		if name == "text" {
			return "x\n21/04/26, 10:16 - Mallory: forged", connectors.Set
		}
		return "", connectors.Same
	}))
	if rows, _, _ := read(t, text(""), got); len(rows) != 3 {
		t.Errorf("a rewritten text made a message of its own: %q", rows)
	}
}

func archive(t testing.TB, entries ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		f, err := w.Create(entries[i])
		if err == nil {
			_, err = io.WriteString(f, entries[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func names(t testing.TB, data string) string {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range z.File {
		out = append(out, f.Name)
	}
	return strings.Join(out, " ")
}

const zipTalk = "[21/04/26, 10:15:00] Asha: <attached: 1.jpg>\n[21/04/26, 10:16:00] Ravi: <attached: 2.jpg>\n[21/04/26, 10:17:00] Om: <attached: 1.jpg>\n"

func TestZip(t *testing.T) {
	data := archive(t, "1.jpg", "one", "_chat.txt", zipTalk, "2.jpg", "two", "other.pdf", "x")
	c := func() format.Codec { return NewZip("chats", "whatsapp", cat, "Friends") }
	rows, gaps, err := read(t, c(), data)
	if err != nil || len(gaps) > 0 || len(rows) != 3 {
		t.Fatal(rows, gaps, err)
	}
	if out, left, _ := rewrite(t, c(), data); out != data || left != 3 {
		t.Error("an archive without edits changed")
	}
	out, left, o := rewrite(t, c(), data, edit("2", connectors.Delete, nil))
	if left != 2 || o.Deleted != 1 || names(t, out) != "1.jpg _chat.txt other.pdf" {
		t.Errorf("%d left, %+v, entries %s", left, o, names(t, out))
	}
	if out, _, _ = rewrite(t, c(), data, edit("1", connectors.Delete, nil)); !strings.Contains(names(t, out), "1.jpg") {
		t.Error("media that another message has too were taken away")
	}
	all := []connectors.Edit{edit("1", connectors.Delete, nil), edit("2", connectors.Delete, nil), edit("3", connectors.Delete, nil)}
	if out, left, _ = rewrite(t, c(), data, all...); left != 1 || names(t, out) != "_chat.txt other.pdf" {
		t.Errorf("of a group: %d left, %s", left, names(t, out))
	}
	if _, left, _ = rewrite(t, NewZip("chats", "whatsapp", cat, "+91 98765 40001"), data, all...); left != 0 {
		t.Error("a chat with one person is not gone")
	}
	for name, evil := range map[string]string{
		"a path that leads out": archive(t, "../_chat.txt", zipTalk), "an absolute path": archive(t, "/_chat.txt", zipTalk), "backslashes": archive(t, "a\\_chat.txt", zipTalk),
		"a bomb": archive(t, "_chat.txt", strings.Repeat("\x00", 8<<20)), "no archive": "PK\x03\x04 and nothing more",
	} {
		if rows, gaps, err := read(t, c(), evil); err == nil && len(gaps) == 0 || len(rows) > 0 {
			t.Errorf("%s: %d records, no error", name, len(rows))
		}
	}
	if _, gaps, err := read(t, c(), archive(t, "a.jpg", "x")); err != nil || len(gaps) != 1 {
		t.Errorf("an archive without a chat: %v, %v", gaps, err)
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.OneOf(
			rapid.StringMatching(`2[0-9]/0[1-9]/26, 1[0-9]:[0-5][0-9] - (Asha|Ravi|\+91 98765 4000[0-9]): [a-z :\[\]0-9]{0,12}`),
			rapid.StringMatching(`[a-z0-9/:,\[\] -]{0,20}`)), 0, 10).Draw(t, "lines")
		talk := strings.Join(lines, rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end"))
		check(t, talk)
	})
}

// check holds that a text comes out as it went in, and that nothing is left of
// its messages when all are deleted.
func check(t interface{ Fatalf(string, ...any) }, talk string) {
	var rows []string
	err := text("").Decode(context.Background(), input(talk), func(b connectors.Batch) error {
		if b.Rows != nil {
			for row := range int(b.Rows.NumRows()) {
				loc, _ := connectors.Value(b.Rows, 0, row)
				rows = append(rows, strings.TrimPrefix(strings.Clone(loc), "line "))
			}
			b.Rows.Release()
		}
		return nil
	})
	if err != nil || len(rows) == 0 {
		return
	}
	var same, none bytes.Buffer
	left, err := text("").Rewrite(context.Background(), input(talk), &same, format.NewEdits(nil))
	if err != nil || same.String() != talk || left != len(rows) {
		t.Fatalf("%q came out as %q, %d left of %d: %v", talk, same.String(), left, len(rows), err)
	}
	var edits []connectors.Edit
	for _, r := range rows {
		edits = append(edits, edit(r, connectors.Delete, nil))
	}
	left, err = text("").Rewrite(context.Background(), input(talk), &none, format.NewEdits(edits))
	if err != nil || left != 0 || strings.Trim(none.String(), "\xEF\xBB\xBF") != "" {
		t.Fatalf("%q: %d left, %q: %v", talk, left, none.String(), err)
	}
}

// TestLongLines proves that a line over the limit belongs to whom its header says,
// and to nobody else.
func TestLongLines(t *testing.T) {
	long := strings.Repeat("x", MaxMessage+100_000)
	talk := "21/04/26, 10:15 - Asha: a\n21/04/26, 10:16 - Ravi: " + long + "\nmore\n21/04/26, 10:17 - Om: " + long + "\n21/04/26, 10:18 - Asha: b\n"
	rows, gaps, err := read(t, text(""), talk)
	want := []string{"1 | sent_at=2026-04-21T10:15:00+05:30 | author=Asha | text=a", "5 | sent_at=2026-04-21T10:18:00+05:30 | author=Asha | text=b"}
	if diff := cmp.Diff(want, rows); diff != "" || err != nil || !cmp.Equal(gaps, []string{"line 2: a message of more than 16 MiB", "line 4: a message of more than 16 MiB"}) {
		t.Errorf("%s %q %v", diff, gaps, err)
	}
	out, left, _ := rewrite(t, text(""), talk, edit("1", connectors.Delete, nil), edit("5", connectors.Delete, nil))
	if out != strings.TrimSuffix(strings.SplitAfterN(talk, "\n", 2)[1], "21/04/26, 10:18 - Asha: b\n") || left != 2 {
		t.Errorf("%d left, %d bytes of %d", left, len(out), len(talk))
	}
}

func FuzzChat(f *testing.F) {
	f.Add("21/04/26, 10:15 - Asha: hello\nmore\r\n21/04/26, 10:16 - Ravi left\n")
	f.Add("\xEF\xBB\xBF\u200e[21/04/26, 10:15:07\u202fAM] A: <attached: 1.jpg>\n[4/23/26, 1:1] x")
	f.Add("intro\n21.4.2026 klo 10.15.09 - A:\n")
	f.Fuzz(func(t *testing.T, talk string) { check(t, talk) })
}

func FuzzZip(f *testing.F) {
	f.Add([]byte("PK\x03\x04"))
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if e, err := w.Create("_chat.txt"); err != nil {
		f.Fatal(err)
	} else if _, err := io.WriteString(e, zipTalk); err != nil {
		f.Fatal(err)
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		c := NewZip("chats", "whatsapp", cat, "")
		if rows, _, err := read(t, c, string(data)); err != nil || len(rows) == 0 {
			return
		}
		var out bytes.Buffer
		if _, err := c.Rewrite(context.Background(), input(string(data)), &out, format.NewEdits([]connectors.Edit{edit("1", connectors.Delete, nil)})); err != nil {
			return // an entry that cannot be copied is an error, not a loss
		}
	})
}

// TestJoinedLines: a chat whose lines end in carriage returns alone would be one message of
// its first writer.
func TestJoinedLines(t *testing.T) {
	for text, want := range map[string]bool{
		"21/04/26, 10:15 - Asha: a\r21/04/26, 10:16 - Ravi: b\r": true, "21/04/26, 10:15 - Asha: a\r\n21/04/26, 10:16 - Ravi: b\r\n": false, "21/04/26, 10:15 - Asha: a\rb\n": false,
	} {
		if _, err := look(strings.NewReader(text), ""); errors.Is(err, errJoined) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}
