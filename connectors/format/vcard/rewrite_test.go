package vcard

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// rewritten rewrites and returns the result.
func rewritten(t testing.TB, c format.Codec, data string, edits ...connectors.Edit) (string, int, connectors.Outcome) {
	t.Helper()
	var out bytes.Buffer
	e := format.NewEdits(edits)
	left, err := c.Rewrite(context.Background(), input(data), &out, e)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), left, e.Outcome()
}

func redaction(n int, rewrite rewriter) connectors.Edit {
	return connectors.Edit{Collection: "contacts", Locator: locator(n), Action: connectors.Redact, Rewrite: rewrite}
}

// set answers for one field.
func set(field, text string, v connectors.Verdict) rewriter {
	return func(f connectors.Field, _ string) (string, connectors.Verdict) {
		if f.Name == field {
			return text, v
		}
		return "", connectors.Same
	}
}

// cut takes a word out of every value, as a search for it in a text would.
func cut(word string) rewriter {
	return func(_ connectors.Field, value string) (string, connectors.Verdict) {
		if value == word {
			return "", connectors.Empty
		}
		if !strings.Contains(value, word) {
			return "", connectors.Same
		}
		return strings.ReplaceAll(value, word, "[erased]"), connectors.Set
	}
}

func TestDelete(t *testing.T) {
	cards := []string{of("3.0", "FN:Asha"), "\r\n" + of("2.1", "FN:Ravi", "AGENT:", "BEGIN:VCARD", "FN:X", "END:VCARD"), strings.TrimRight(of("4.0", "FN:Sonu"), "\r\n")}
	data := "\xef\xbb\xbf" + strings.Join(cards, "")
	for n, want := range []string{"\xef\xbb\xbf" + cards[1] + cards[2], "\xef\xbb\xbf" + cards[0] + "\r\n" + cards[2], "\xef\xbb\xbf" + cards[0] + cards[1]} {
		e := connectors.Edit{Collection: "contacts", Locator: locator(n + 1), Action: connectors.Delete}
		out, left, o := rewritten(t, codecOf(), data, e)
		if out != want || left != 2 || o != (connectors.Outcome{Deleted: 1}) {
			t.Errorf("card %d: %q, %d left, %+v", n+1, out, left, o)
		}
		out, left, _ = rewritten(t, codecOf(), wide(t, "\xfe\xff", strings.TrimPrefix(data, "\xef\xbb\xbf")), e)
		if out != wide(t, "\xfe\xff", strings.TrimPrefix(want, "\xef\xbb\xbf")) || left != 2 {
			t.Errorf("card %d in UTF-16: %q, %d left", n+1, out, left)
		}
	}
	del := []connectors.Edit{{Collection: "contacts", Locator: "card 1", Action: connectors.Delete}, {Collection: "contacts", Locator: "card 9", Action: connectors.Delete}, {Collection: "other", Locator: "card 1", Action: connectors.Delete}}
	out, left, o := rewritten(t, codecOf(), "kept\n"+cards[0], del...)
	if out != "kept\n" || left != 1 || o != (connectors.Outcome{Deleted: 1, Missing: 2}) {
		t.Errorf("text outside: %q, %d left, %+v", out, left, o)
	}
}

// redactTests give the lines of a card and what they become.
var redactTests = []struct {
	name, version string
	in            []string
	rewrite       rewriter
	want          []string
}{
	{"a line goes", "3.0", []string{"FN:Asha", "item1.TEL;TYPE=CELL:98765", " 00001", "NOTE:x"}, set("tel", "", connectors.Empty), []string{"FN:Asha", "NOTE:x"}},
	{"names stay as lines", "3.0", []string{"N:Verma;Asha;;;", "FN;LANGUAGE=en;SORT-AS=Verma:Asha", "TEL:1"}, func(f connectors.Field, _ string) (string, connectors.Verdict) {
		return "", map[bool]connectors.Verdict{true: connectors.Empty}[f.Name == "fn" || f.Name == "n"]
	}, []string{"N:;;;;", "FN;LANGUAGE=en:", "TEL:1"}},
	{"one of two", "3.0", []string{"TEL;TYPE=CELL:9876500001", "TEL;TYPE=HOME:9876500002"}, cut("9876500001"), []string{"TEL;TYPE=HOME:9876500002"}},
	{"set one of two", "3.0", []string{"TEL:1", "TEL:2"}, func(_ connectors.Field, v string) (string, connectors.Verdict) {
		if v == "2" {
			return "3", connectors.Set
		}
		return "", connectors.Same
	}, []string{"TEL:1", "TEL:3"}},
	{"told of both", "3.0", []string{"TEL:1", "TEL:2"}, func(_ connectors.Field, v string) (string, connectors.Verdict) {
		if v == "1 ::: 2" {
			return "4 ::: 5", connectors.Set
		}
		return "", connectors.Same
	}, []string{"TEL:4", "TEL:5"}},
	{"one text for both", "3.0", []string{"TEL:1", "TEL:2"}, set("tel", "9", connectors.Set), []string{"TEL:9"}},
	{"both empty", "3.0", []string{"TEL:1", "NOTE:x", "TEL:2"}, func(_ connectors.Field, v string) (string, connectors.Verdict) {
		if v == "1 ::: 2" {
			return "", connectors.Empty
		}
		return "", connectors.Same
	}, []string{"NOTE:x"}},
	{"set to nothing", "3.0", []string{"TEL:1", "NOTE:x"}, set("tel", "", connectors.Set), []string{"NOTE:x"}},
	{"escapes", "3.0", []string{"NOTE:x", "TEL:1"}, set("note", "a,b;c\nd\\e", connectors.Set), []string{`NOTE:a\,b\;c\nd\\e`, "TEL:1"}},
	{"folded", "4.0", []string{"NOTE;LANGUAGE=hi:x"}, set("note", lengthy, connectors.Set), []string{"NOTE;LANGUAGE=hi:" + strings.Repeat("क", 19), " " + strings.Repeat("क", 11)}},
	{"quoted-printable", "2.1", []string{"NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:call =E0=A4=86=", "=E0=A4=B6 now"}, cut("आश"), []string{"NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:call=20[erased]=20now"}},
	{"quoted-printable, long", "2.1", []string{"FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:x"}, set("fn", "आशा वर्", connectors.Set), []string{"FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E0=A4=86=E0=A4=B6=E0=A4=BE=20=", "=E0=A4=B5=E0=A4=B0=E0=A5=8D"}},
	{"latin letters stay", "2.1", []string{"FN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:Ren=E9e"}, set("fn", "Andrée", connectors.Set), []string{"FN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:Andr=E9e"}},
	{"letters that latin lacks", "2.1", []string{"FN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:Ren=E9e"}, set("fn", "आ", connectors.Set), []string{"FN;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:=E0=A4=86"}},
	{"letters without a name", "2.1", []string{"FN:Ren\xe9e"}, set("fn", "Andrée", connectors.Set), []string{"FN:Andr\xe9e"}},
	{"a line end in 2.1", "2.1", []string{"NOTE;HOME:x"}, set("note", "a\nb", connectors.Set), []string{"NOTE;HOME;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:a=0Ab"}},
	{"base64", "3.0", []string{"NOTE;ENCODING=b:" + base64.StdEncoding.EncodeToString([]byte("call Asha"))}, cut("Asha"), []string{"NOTE;ENCODING=b:" + base64.StdEncoding.EncodeToString([]byte("call [erased]"))}},
	{"a component", "3.0", []string{`ADR;TYPE=HOME:;;12\, Asha House;Pune;;411001;India`}, cut("Asha"), []string{`ADR;TYPE=HOME:;;12\, [erased] House;Pune;;411001;India`}},
	{"a component of two", "3.0", []string{"N:Verma;Asha;;Dr.,Prof.;"}, cut("Asha"), []string{"N:Verma;[erased];;Dr.,Prof.;"}},
	{"a name all anew", "2.1", []string{"N:Verma;Asha"}, set("n", "Someone; Else", connectors.Set), []string{`N:;Someone\; Else`}},
	{"a component is gone", "3.0", []string{"N:Verma;Asha;;;"}, set("n", "Verma", connectors.Set), []string{"N:Verma;;;;"}},
	{"a scheme", "4.0", []string{"TEL;VALUE=uri:tel:+919876500001"}, set("tel", "+91", connectors.Set), []string{"TEL;VALUE=uri:tel:+91"}},
	{"the rest", "3.0", []string{"FN:Asha", "X-FOO:hers", "X-BAR:keep", "X-FOO:Asha Rani"}, cut("Asha Rani"), []string{"FN:Asha", "X-FOO:hers", "X-BAR:keep", "X-FOO:[erased]"}},
	{"all of the rest", "3.0", []string{"FN:Asha", "X-FOO:hers", "PHOTO;ENCODING=b:AAEC", "VERSION:1"}, set(RestColumn, "", connectors.Empty), []string{"FN:Asha"}},
	{"one of a list", "3.0", []string{"X-FOO:a", "X-FOO:b", "X-FOO:c"}, set(RestColumn, `{"x-foo":["a","c"]}`, connectors.Set), []string{"X-FOO:a", "X-FOO:c"}},
	{"nulls", "3.0", []string{"X-FOO:a", "X-FOO:b", "X-BAR:c"}, set(RestColumn, `{"x-foo":[null,7],"x-bar":null}`, connectors.Set), []string{"X-FOO:7"}},
	{"the photo stays", "3.0", []string{"FN:Asha", "PHOTO;ENCODING=b;TYPE=PNG:AAEC"}, set(RestColumn, `{"photo":["other"]}`, connectors.Set), []string{"FN:Asha", "PHOTO;ENCODING=b;TYPE=PNG:AAEC"}},
	{"the photo goes", "3.0", []string{"FN:Asha", "PHOTO;ENCODING=b;TYPE=PNG:AAEC", " AAEC"}, set(RestColumn, `{"photo":[null]}`, connectors.Set), []string{"FN:Asha"}},
	{"a parameter", "4.0", []string{`ADR;LABEL="Asha, 12";TYPE=home:;;12;;;;`}, cut("Asha"), []string{`ADR;LABEL="[erased], 12";TYPE=home:;;12;;;;`}},
	{"a parameter goes", "4.0", []string{`FN;SORT-AS="Verma";LANGUAGE=hi:A`}, set(RestColumn, "", connectors.Empty), []string{"FN;LANGUAGE=hi:A"}},
	{"inside the agent", "2.1", []string{"AGENT:", "BEGIN:VCARD", "VERSION:2.1", "FN:Ravi", "TEL:9876500009", "END:VCARD", "FN:Asha"}, set("related", "", connectors.Empty), []string{"AGENT:", "BEGIN:VCARD", "VERSION:2.1", "FN:", "END:VCARD", "FN:Asha"}},
	{"a line without a colon", "3.0", []string{"FN:Asha", "call 9876500001 now"}, cut("9876500001"), []string{"FN:Asha", "call [erased] now"}},
	{"a broken value", "2.1", []string{"NOTE;QUOTED-PRINTABLE:Asha=ZZ", "TEL:1"}, cut("Asha"), []string{"NOTE;QUOTED-PRINTABLE:[erased]=3DZZ", "TEL:1"}},
}

var lengthy = strings.Repeat("क", 30)

func TestRedact(t *testing.T) {
	for _, tt := range redactTests {
		t.Run(tt.name, func(t *testing.T) {
			other := of("3.0", "FN:Sonu", "TEL:9876500001")
			for _, eol := range []string{"\r\n", "\n"} {
				data := strings.ReplaceAll(other+of(tt.version, tt.in...)+other, "\r\n", eol)
				want := strings.ReplaceAll(other+of(tt.version, tt.want...)+other, "\r\n", eol)
				out, left, o := rewritten(t, codecOf(), data, redaction(2, tt.rewrite))
				if d := cmp.Diff(want, out); d != "" || left != 3 {
					t.Errorf("%d left (-want +got):\n%s", left, d)
				}
				if changed := data != want; (o.Redacted == 1) != changed {
					t.Errorf("outcome %+v", o)
				}
				if again, _, o := rewritten(t, codecOf(), out, redaction(2, tt.rewrite)); again != out || o.Redacted != 0 {
					t.Errorf("again: %q, %+v", again, o)
				}
			}
		})
	}
}

func TestRestMustBeAnObject(t *testing.T) {
	for _, text := range []string{"", "x", "[]", "null"} {
		e := format.NewEdits([]connectors.Edit{redaction(1, set(RestColumn, text, connectors.Set))})
		if _, err := codecOf().Rewrite(context.Background(), input(of("3.0", "X-FOO:Asha")), &bytes.Buffer{}, e); err == nil || strings.Contains(err.Error(), "Asha") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestNothingIsLeft redacts a name and a number in every spelling that a card can
// give them and looks for them in the result.
func TestNothingIsLeft(t *testing.T) {
	const phone = "9876500001"
	qp := strings.ToUpper(strings.ReplaceAll(fmt.Sprintf("% x", phone), " ", "="))
	cards := of("2.1", "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:;"+ashaQP, "TEL;CELL;ENCODING=QUOTED-PRINTABLE:="+qp[:15]+"=", qp[15:], "NOTE;BASE64:", " "+base64.StdEncoding.EncodeToString([]byte(asha+" "+phone)), "") +
		of("3.0", "FN:"+asha[:6], " "+asha[6:], "item1.TEL:98765", " 00001", "X-ID;ENCODING=b:"+base64.StdEncoding.EncodeToString([]byte(phone)), "item1.X-ABLabel:"+asha, "98765", " 00001 again") +
		of("4.0", `FN;SORT-AS="`+asha+`":`+asha, "TEL;VALUE=uri:tel:"+phone, "RELATED;VALUE=text:"+asha, "CATEGORIES:a,"+phone)
	for _, bom := range []string{"", "\xff\xfe"} {
		data := cards
		if bom != "" {
			data = wide(t, bom, cards)
		}
		both := func(f connectors.Field, v string) (string, connectors.Verdict) {
			out := strings.NewReplacer(asha, "-", phone, "-").Replace(v)
			if out == v {
				return "", connectors.Same
			}
			return out, connectors.Set
		}
		if rows, _ := readAll(t, codecOf(), data); len(rows) != 3 || strings.Count(strings.Join(rows, ""), phone) < 7 {
			t.Fatalf("not everything is found: %q", rows)
		}
		out, _, o := rewritten(t, codecOf(), data, redaction(1, both), redaction(2, both), redaction(3, both))
		if o.Redacted != 3 {
			t.Errorf("outcome %+v", o)
		}
		rows, gaps := readAll(t, codecOf(), out)
		if all := strings.Join(rows, "\n"); len(rows) != 3 || strings.Contains(all, asha) || strings.Contains(all, phone) || len(gaps) != 1 {
			t.Errorf("read again: %q, %q", rows, gaps)
		}
		flat := strings.NewReplacer("\x00", "", "=\r\n", "", "\r\n ", "", "\r\n", "").Replace(out)
		for _, gone := range []string{asha, ashaQP, phone, qp, base64.StdEncoding.EncodeToString([]byte(phone))[:12], base64.StdEncoding.EncodeToString([]byte(asha))[:12]} {
			if strings.Contains(flat, gone) {
				t.Errorf("%q is left in %q", gone, out)
			}
		}
	}
}
