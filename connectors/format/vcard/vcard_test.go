package vcard

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/utf16"
)

var contacts = connectors.Collection{Name: "contacts", Fields: []connectors.CatalogField{
	{Name: "fn", Categories: []string{"user.name"}}, {Name: "n", Categories: []string{"user.name"}}, {Name: "nickname"},
	{Name: "tel", Identity: "phone"}, {Name: "email", Identity: "email"}, {Name: "adr"}, {Name: "org"}, {Name: "bday"}, {Name: "note"},
	{Name: "url"}, {Name: "impp"}, {Name: "uid"}, {Name: "related", Role: "mention"}, {Name: "categories"}, {Name: "key"},
}}

func codecOf() *codec { return New("contacts", "google", contacts).(*codec) }

func input(data string) format.Input {
	return format.Input{Key: "a.vcf", Object: "a.vcf", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(data)), nil
	}}
}

// readAll returns "locator: name=value ..." a record, and the gaps.
func readAll(t testing.TB, c format.Codec, data string) (rows, gaps []string) {
	t.Helper()
	err := c.Decode(context.Background(), input(data), func(b connectors.Batch) error {
		for _, g := range b.Gaps {
			gaps = append(gaps, g.Locator+": "+g.Reason)
		}
		if b.Rows == nil {
			return nil
		}
		defer b.Rows.Release()
		for r := range int(b.Rows.NumRows()) {
			s, _ := connectors.Value(b.Rows, 0, r)
			s += ":"
			for col := 1; col < int(b.Rows.NumCols()); col++ {
				if v, ok := connectors.Value(b.Rows, col, r); ok {
					s += fmt.Sprintf(" %s=%q", b.Rows.ColumnName(col), v)
				}
			}
			rows = append(rows, s)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, gaps
}

// crlf joins lines, each with its line end.
func crlf(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }

// of wraps lines into one card.
func of(version string, lines ...string) string {
	return crlf("BEGIN:VCARD", "VERSION:"+version) + crlf(lines...) + crlf("END:VCARD")
}

// wide encodes text as UTF-16.
func wide(t testing.TB, bom string, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := utf16.NewWriter(&b, utf16.OrderOf([]byte(bom)))
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
	return bom + b.String()
}

// asha is "आशा वर्मा" in UTF-8 and quoted-printable.
const (
	asha   = "आशा वर्मा"
	ashaQP = "=E0=A4=86=E0=A4=B6=E0=A4=BE=20=E0=A4=B5=E0=A4=B0=E0=A5=8D=E0=A4=AE=E0=A4=BE"
)

var picture = base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0, 1, 2, 255}, 60))

var decodeTests = []struct {
	name, data string
	rows, gaps []string
}{
	{"2.1 devanagari", of("2.1", "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E0=A4=B5=E0=A4=B0=E0=A5=8D=E0=A4=AE=E0=A4=BE;=", "=E0=A4=86=E0=A4=B6=E0=A4=BE;;=", "=E0=A4=B6=E0=A5=8D=E0=A4=B0=E0=A5=80;", "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:"+ashaQP, "TEL;CELL;PREF:+91 98765 00001", "TEL;HOME:080 1234567", "CATEGORIES:My Contacts"),
		[]string{`card 1: fn="` + asha + `" n="श्री आशा वर्मा" tel="+91 98765 00001 ::: 080 1234567" categories="My Contacts"`}, nil},
	{"2.1 latin", of("2.1", "FN;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:Ren=E9e", "NOTE;CHARSET=WINDOWS-1252:caf\xe9 \x80 5", "ORG:caf\xe9", "ADR;HOME:;;12\\; MG Road;Pune;;411001;India"),
		[]string{`card 1: fn="Renée" adr="12; MG Road Pune 411001 India" org="café" note="café € 5"`}, nil},
	{"2.1 fold is a space", of("2.1", "NOTE:one", " two", "EMAIL;INTERNET:a@example.com"), []string{`card 1: email="a@example.com" note="one two"`}, nil},
	{"2.1 empty line after a soft break", of("2.1", "NOTE;ENCODING=QUOTED-PRINTABLE:a=0D=0Ab=", "", "TEL:1"), []string{`card 1: tel="1" note="a\r\nb"`}, nil},
	{"2.1 photo", of("2.1", "FN:Asha", "PHOTO;ENCODING=BASE64;JPEG:", " "+picture[:70], " "+picture[70:], "", "TEL:1"), []string{`card 1: fn="Asha" tel="1" sutra.rest="{\"photo\":[\"jpeg, 240 bytes\"]}"`}, nil},
	{"2.1 photo not indented", of("2.1", "PHOTO;BASE64:", picture[:76], picture[76:152], picture[152:], "", "TEL:1"), []string{`card 1: tel="1" sutra.rest="{\"photo\":[\"binary, 240 bytes\"]}"`}, nil},
	{"3.0", of("3.0", "N:Verma;Asha;Rani;Dr.;MD", "FN:Dr. Asha ", " Verma", "item1.TEL;type=CELL;type=pref:98765", "\t 00001", "item1.X-ABLabel:Shop", `NOTE:one\, two\; three\nfour\\n`, `URL:http\://example.com/a`, "NICKNAME:Ash,Ashu"),
		[]string{`card 1: fn="Dr. Asha Verma" n="Dr. Asha Rani Verma MD" nickname="Ash,Ashu" tel="98765 00001" note="one, two; three\nfour\\n" url="http://example.com/a" sutra.rest="{\"x-ablabel\":[\"Shop\"]}"`}, nil},
	{"3.0 relatives", of("3.0", "item1.X-ABRELATEDNAMES:Ravi Verma", "item1.X-ABLabel:_$!<Spouse>!$_", "X-SPOUSE:Ravi", "X-EVOLUTION-MANAGER:Meera", `AGENT:BEGIN:VCARD\nFN:Sonu\nTEL:9876500009\nEND:VCARD`, "X-SKYPE-USERNAME:asha.s", "X-KOOL-IM:ak", "IMPP:xmpp:asha@example.com"),
		[]string{`card 1: impp="asha.s ::: ak ::: xmpp:asha@example.com" related="Ravi Verma ::: Ravi ::: Meera ::: BEGIN:VCARD\nFN:Sonu\nTEL:9876500009\nEND:VCARD" sutra.rest="{\"x-ablabel\":[\"_$!<Spouse>!$_\"]}"`}, nil},
	{"2.1 agent", of("2.1", "FN:Asha", "AGENT:", "BEGIN:VCARD", "VERSION:2.1", "FN:Ravi", "TEL:9876500009", "PHOTO;BASE64:AAEC", "END:VCARD", "TEL:1") + of("2.1", "FN:Next"),
		[]string{`card 1: fn="Asha" tel="1" related="Ravi ::: 9876500009 ::: binary, 3 bytes"`, `card 2: fn="Next"`}, nil},
	{"agent on one line", of("2.1", "AGENT:BEGIN:VCARD", "FN:Ravi", "END:VCARD", "FN:Asha"), []string{`card 1: fn="Asha" related="Ravi"`}, nil},
	{"4.0", of("4.0", `FN;SORT-AS="Verma,Asha":Asha Verma`, "TEL;VALUE=uri;TYPE=\"cell,voice\";PREF=1:tel:+91-98765-00001", "EMAIL:mailto:asha@example.com", `ADR;LABEL="12: MG Road":;;MG Road;Pune;MH;411001;India`, "PHOTO:data:image/png;base64,"+picture, "LOGO:https://example.com/asha.png", "KEY:data:application/pgp-keys;base64,AAEC", "RELATED;TYPE=spouse;VALUE=text:Ravi", "UID:urn:uuid:1", "ORG:Verma Traders;Sales", "BDAY:19900102"),
		[]string{`card 1: fn="Asha Verma" tel="+91-98765-00001" email="asha@example.com" adr="MG Road Pune MH 411001 India" org="Verma Traders Sales" bday="19900102" uid="urn:uuid:1" related="Ravi" sutra.rest="{\"fn;sort-as\":[\"Verma,Asha\"],\"adr;label\":[\"12: MG Road\"],\"photo\":[\"image/png, 240 bytes\"],\"logo\":[\"https://example.com/asha.png\"],\"key\":[\"application/pgp-keys, 3 bytes\"]}"`}, nil},
	{"base64 text", of("3.0", "NOTE;ENCODING=b:"+base64.StdEncoding.EncodeToString([]byte("call "+asha)), "X-BLOB;ENCODING=b:AAEC"), []string{`card 1: note="call ` + asha + `" sutra.rest="{\"x-blob\":[\"binary, 3 bytes\"]}"`}, nil},
	{"lf, lower case, blank lines", "\n\nbegin:vcard\nversion:3.0\n\nfn:Asha\nend:vcard\n\n \nBEGIN:VCARD\nVERSION:3.0\nFN:Ravi\nEND:VCARD", []string{`card 1: fn="Asha"`, `card 2: fn="Ravi"`}, nil},
	{"marks", "\xef\xbb\xbf" + of("3.0", "FN:Asha") + "\xef\xbb\xbf" + of("3.0", "FN:Ravi"), []string{`card 1: fn="Asha"`, `card 2: fn="Ravi"`}, nil},
	{"a label of her own", of("3.0", `TEL;TYPE="Asha's shop":1`, "TEL;TYPE=CELL,X-Main2:2"), []string{`card 1: tel="1 ::: 2" sutra.rest="{\"tel;type\":[\"Asha's shop\"]}"`}, nil},
	{"an odd version is told", of("9876500001", "FN:Asha"), []string{`card 1: fn="Asha" sutra.rest="{\"version\":[\"9876500001\"]}"`}, nil},
	{"a quote in a name", of("3.0", `TEL;TYPE="x:1`, " :2"), []string{`card 1: tel="1:2" sutra.rest="{\"tel;type\":[\"\\\"x\"]}"`}, nil},
	{"empty", of("3.0", "N:;;;;", "FN:", "TEL:  "), []string{`card 1:`}, nil},
	{"never closed", "BEGIN:VCARD\nFN:Asha\n" + of("3.0", "FN:Ravi") + "BEGIN:VCARD\nFN:Sonu", []string{`card 1: fn="Asha"`, `card 2: fn="Ravi"`, `card 3: fn="Sonu"`},
		[]string{"line 1: a contact card that is never closed; what it holds is read", "line 7: a contact card that is never closed; what it holds is read"}},
	{"broken lines", of("2.1", "FN;ENCODING=QUOTED-PRINTABLE:As=ZZha=", "NOTE;QUOTED-PRINTABLE:=41=4", "", "call 9876500001", "PHOTO;BASE64:!!!", "TEL;CHARSET=KOI8-R:1"),
		[]string{`card 1: fn="As=ZZhaNOTE;QUOTED-PRINTABLE:A=4" tel="1" sutra.rest="{\"line\":[\"call 9876500001\"],\"photo\":[\"binary, 3 bytes\"]}"`},
		[]string{"line 3: " + gapQP, "line 6: " + gapColon, "line 7: " + gapBase64, "line 8: " + gapCharset}},
	{"soft break before the end", of("2.1", "FN;QUOTED-PRINTABLE:Asha=") + of("2.1", "FN:Ravi"), []string{`card 1: fn="Asha="`, `card 2: fn="Ravi"`}, []string{"line 3: " + gapQP}},
	{"text outside", "hello\nthere\n\n" + of("3.0", "FN:Asha") + "bye\n" + of("3.0", "FN:Ravi") + "END:VCARD\n", []string{`card 1: fn="Asha"`, `card 2: fn="Ravi"`},
		[]string{"line 1: text outside the contact cards", "line 8: text outside the contact cards", "line 13: text outside the contact cards"}},
	{"nothing", "", nil, nil},
}

func TestDecode(t *testing.T) {
	for _, tt := range decodeTests {
		t.Run(tt.name, func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
			defer mem.AssertSize(t, 0)
			c := codecOf()
			c.mem = mem
			for _, form := range []struct{ name, bom string }{{"utf-8", ""}, {"utf-16le", "\xff\xfe"}, {"utf-16be", "\xfe\xff"}} {
				data := tt.data
				if form.bom != "" {
					if strings.Contains(data, "\xe9") || strings.HasPrefix(data, "\xef\xbb") {
						continue // no such letters in UTF-16
					}
					data = wide(t, form.bom, data)
				}
				rows, gaps := readAll(t, c, data)
				if d := cmp.Diff(tt.rows, rows); d != "" {
					t.Errorf("%s: rows (-want +got):\n%s", form.name, d)
				}
				if d := cmp.Diff(tt.gaps, gaps); d != "" {
					t.Errorf("%s: gaps (-want +got):\n%s", form.name, d)
				}
				if out, _, _ := rewritten(t, c, data); out != data {
					t.Errorf("%s: a rewrite without edits changed %q to %q", form.name, data, out)
				}
			}
		})
	}
}

func TestHalfALetter(t *testing.T) {
	data := wide(t, "\xff\xfe", of("3.0", "FN:Asha")) + "x"
	rows, gaps := readAll(t, codecOf(), data)
	if len(rows) != 1 || len(gaps) != 1 {
		t.Errorf("%q, %q", rows, gaps)
	}
	if out, _, _ := rewritten(t, codecOf(), data); out != data {
		t.Errorf("changed to %q", out)
	}
}

func TestNoSuchFields(t *testing.T) {
	c := New("c", "d", connectors.Collection{Name: "c", Fields: []connectors.CatalogField{{Name: "X-Spouse"}, {Name: "PHOTO"}}})
	rows, _ := readAll(t, c, of("3.0", "FN:Asha", "TEL:1", "TEL:2", "X-SPOUSE:Ravi", "X-MANAGER:Meera", "PHOTO;ENCODING=b;TYPE=JPEG:AAEC"))
	want := []string{`card 1: X-Spouse="Ravi" PHOTO="jpeg, 3 bytes" sutra.rest="{\"fn\":[\"Asha\"],\"tel\":[\"1\",\"2\"],\"x-manager\":[\"Meera\"]}"`}
	if d := cmp.Diff(want, rows); d != "" {
		t.Error(d)
	}
}

func TestColumns(t *testing.T) {
	err := codecOf().Decode(context.Background(), input(of("3.0", "FN:Asha")), func(b connectors.Batch) error {
		defer b.Rows.Release()
		s := b.Rows.Schema()
		last := connectors.FieldOf(s.Field(s.NumFields() - 1))
		tel := connectors.FieldOf(s.Field(s.FieldIndices("tel")[0]))
		if b.Collection != "contacts" || s.NumFields() != len(contacts.Fields)+2 || last.Name != RestColumn || last.Look != connectors.LookJSON || tel.Identity != "phone" {
			t.Errorf("schema %v", s)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestErrors(t *testing.T) {
	boom := errors.New("boom")
	in := input("")
	in.Open = func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader(of("3.0", "FN:Asha")+"BEGIN:VCARD\nFN:R"), &failing{boom})), nil
	}
	n := 0
	err := codecOf().Decode(context.Background(), in, func(b connectors.Batch) error {
		n += int(b.Rows.NumRows())
		b.Rows.Release()
		return nil
	})
	if !errors.Is(err, boom) || n != 1 {
		t.Errorf("got %v after %d records, want boom after 1", err, n)
	}
	if _, err := codecOf().Rewrite(context.Background(), in, io.Discard, format.NewEdits(nil)); !errors.Is(err, boom) {
		t.Errorf("rewrite: %v", err)
	}
	if _, err := codecOf().Rewrite(context.Background(), input(of("3.0", "FN:Asha")), fails{boom}, format.NewEdits(nil)); !errors.Is(err, boom) {
		t.Errorf("rewrite to a full disk: %v", err)
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

type fails struct{ err error }

func (f fails) Write([]byte) (int, error) { return 0, f.err }

// TestLimit uses small limits: what is too large is a gap, and copied.
func TestLimit(t *testing.T) {
	for _, size := range []int{500, 3 * readSize} {
		data := of("3.0", "FN:Asha") + of("3.0", "FN:Sonu", "NOTE:"+strings.Repeat("x", size), "AGENT:", "BEGIN:VCARD", "END:VCARD") +
			strings.Repeat("y", size) + "\r\n" + of("3.0", "FN:Ravi")
		c := codecOf()
		c.limit = 400
		rows, gaps := readAll(t, c, data)
		if want := []string{`card 1: fn="Asha"`, `card 3: fn="Ravi"`}; !cmp.Equal(rows, want) {
			t.Errorf("rows %q", rows)
		}
		if want := []string{"line 5: a contact card of more than 16 MiB", "line 13: text outside the contact cards"}; !cmp.Equal(gaps, want) {
			t.Errorf("gaps %q", gaps)
		}
		del := func(n int) connectors.Edit {
			return connectors.Edit{Collection: "contacts", Locator: locator(n), Action: connectors.Delete}
		}
		out, left, o := rewritten(t, c, data, del(1), del(2), del(3))
		want := data[len(of("3.0", "FN:Asha")) : len(data)-len(of("3.0", "FN:Ravi"))]
		if out != want || left != 2 || o != (connectors.Outcome{Deleted: 2, Missing: 1}) {
			t.Errorf("%d bytes of %d, %d left, %+v", len(out), len(want), left, o)
		}
	}
}

// TestEndless reads a card of more than the real limit without keeping it.
func TestEndless(t *testing.T) {
	data := of("3.0", "FN:Asha", "NOTE:"+strings.Repeat("x", maxCard)) + of("3.0", "FN:Ravi")
	rows, gaps := readAll(t, codecOf(), data)
	if !cmp.Equal(rows, []string{`card 2: fn="Ravi"`}) || !cmp.Equal(gaps, []string{"line 1: a contact card of more than 16 MiB"}) {
		t.Errorf("%q, %q", rows, gaps)
	}
}

// TestHostile reads cards that were made to take for ever, or all memory.
func TestHostile(t *testing.T) {
	for name, part := range map[string]string{
		"folds": " \n", "tabs": "\t=\n", "properties": ":\n", "agents": "AGENT:\nBEGIN:VCARD\n", "parameters": ";", "components": "\\;;", "lines": "x\n",
	} {
		for _, head := range []string{"N;ENCODING=QUOTED-PRINTABLE:=", "N;X=\"", "N:", ""} {
			data := "BEGIN:VCARD\nVERSION:2.1\n" + head + strings.Repeat(part, 1<<18/len(part)) + "\nEND:VCARD\n"
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			found := 0
			err := codecOf().Decode(context.Background(), input(data), func(b connectors.Batch) error {
				found += len(b.Gaps)
				if b.Rows != nil {
					found += int(b.Rows.NumRows())
					b.Rows.Release()
				}
				return nil
			})
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; err != nil || found == 0 || took > 64<<20 { // copied again and again
				t.Errorf("%s behind %q: %d found, %d MiB taken, %v", name, head, found, took>>20, err)
			}
			if out, _, _ := rewritten(t, codecOf(), data, redaction(1, set("tel", "", connectors.Empty))); out != data {
				t.Errorf("%s behind %q: changed", name, head)
			}
		}
	}
	many := of("3.0", strings.Split(strings.Repeat("TEL:1\n", maxProperties+10), "\n")...)
	_, gaps := readAll(t, codecOf(), many)
	if want := []string{"line 50002: " + gapMany}; !cmp.Equal(gaps, want) {
		t.Errorf("%q", gaps)
	}
}
