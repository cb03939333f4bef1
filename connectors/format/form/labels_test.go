package form

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

func labels() format.Codec {
	return NewLabels("x", cat, map[string]string{"callername": "name", "callermobile": "mobile"})
}

const mail = "\xEF\xBB\xBFDear partner,\r\n\r\nCaller Name : Asha Verma\r\nCaller Mobile - 98765 40001\r\nArea :Andheri\r\nNote: old\r\nNote: new\r\ncall her\r\n" +
	"\r\nCaller Name:Ravi\r\nCaller Mobile: \r\n"

func TestLabels(t *testing.T) {
	rows, gaps := readBy(t, labels(), mail)
	want := []string{
		`line 1 name=Asha Verma mobile=98765 40001 sutra.rest={"text":"Dear partner,","Area":"Andheri","Note":"old","Note#2":"new","text#2":"call her"}`,
		`line 10 name=Ravi`,
	}
	if diff := cmp.Diff(want, rows); diff != "" || gaps != nil {
		t.Error(diff, gaps)
	}
	if rows, _ := readBy(t, labels(), "\n \n"); rows != nil {
		t.Error(rows)
	}
	n := CountLabels([]byte("Caller Name : Asha\nx,y\nMobile-no: 1\nhttps://x\n"), func(s string) bool { return s == "callername" || s == "mobileno" })
	if n != 2 {
		t.Errorf("%d labels", n)
	}
}

func TestLabelsRewrite(t *testing.T) {
	at := strings.Index(mail, "Caller Name:Ravi")
	del := func(line string) connectors.Edit {
		return connectors.Edit{Collection: "leads", Locator: "line " + line, Action: connectors.Delete}
	}
	if out, left := rewriteBy(t, labels(), mail); out != mail || left != 2 {
		t.Errorf("without edits: %q", out)
	}
	if out, left := rewriteBy(t, labels(), mail, del("1")); out != "\xEF\xBB\xBF"+mail[at:] || left != 1 {
		t.Errorf("%d left: %q", left, out)
	}
	if out, left := rewriteBy(t, labels(), mail, del("10")); out != mail[:at] || left != 1 {
		t.Errorf("%d left: %q", left, out)
	}
	out, _ := rewriteBy(t, labels(), mail, connectors.Edit{Collection: "leads", Locator: "line 1", Action: connectors.Redact, Rewrite: func(f connectors.Field, v string) (string, connectors.Verdict) {
		switch f.Name {
		case "name":
			return "[erased]\nCaller Name: Mallory", connectors.Set
		case "mobile":
			return "", connectors.Empty
		case RestColumn:
			return strings.Replace(v, "old", "gone", 1), connectors.Set
		}
		return "", connectors.Same
	}})
	want := strings.NewReplacer("Asha Verma", "[erased] Caller Name: Mallory", "98765 40001", "", "old", "gone").Replace(mail)
	if out != want {
		t.Errorf("%s", cmp.Diff(want, out))
	}
}

func FuzzLabels(f *testing.F) {
	f.Add(mail)
	f.Add("name - a\nname : b\n\nx")
	f.Add("leadid:1\rname:2\n> mobile : 98765 40001 \t\n")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "\xEF\xBB\xBF") {
			return // a mark in the middle may come to the front
		}
		rows, _ := readBy(t, labels(), text)
		for _, r := range rows {
			line := strings.Join(strings.Fields(r)[:2], " ")
			out, left := rewriteBy(t, labels(), text, connectors.Edit{Collection: "leads", Locator: line, Action: connectors.Delete})
			if again, _ := readBy(t, labels(), out); left != len(rows)-1 || len(again) != left {
				t.Fatalf("%q without %s: %d left, %d read in %q", text, line, left, len(again), out)
			}
		}
		same := connectors.Edit{Collection: "leads", Locator: "line 1", Action: connectors.Redact, Rewrite: func(_ connectors.Field, v string) (string, connectors.Verdict) { return v, connectors.Same }}
		if out, _ := rewriteBy(t, labels(), text, same); out != text {
			t.Fatalf("%q became %q", text, out)
		}
	})
}

// TestMails: the addresses in a mail's head say nothing of whom it is about, a mailbox is as
// many mails as it has, and what is packed in one is told.
func TestMails(t *testing.T) {
	const head = "From: JustDial <lead@jd.example>\r\nTo: shop@firm.example\r\nMIME-Version: 1.0\r\n"
	const body = "\r\nCaller Name : Asha\r\nCaller Mobile : 1\r\n"
	rows, gaps := readBy(t, labels(), "From x@jd.example Sat Nov 28 10:00:00 2026\r\n"+head+body+"\r\nFrom x@jd.example Sat Nov 28 10:01:00 2026\r\n"+head+strings.Replace(body, "Asha", "Ravi", 1))
	want := []string{
		`line 1 name=Asha mobile=1 sutra.rest={"text":"From x@jd.example Sat Nov 28 10:00:00 2026","text#2":"From: JustDial \u003clead@jd.example\u003e","text#3":"To: shop@firm.example","MIME-Version":"1.0"}`,
		`line 9 name=Ravi mobile=1 sutra.rest={"text":"From x@jd.example Sat Nov 28 10:01:00 2026","text#2":"From: JustDial \u003clead@jd.example\u003e","text#3":"To: shop@firm.example","MIME-Version":"1.0"}`,
	}
	if diff := cmp.Diff(want, rows); diff != "" || gaps != nil {
		t.Error(diff, gaps)
	}
	for _, packed := range []string{"Content-Type: text/html; charset=utf-8", "content-transfer-encoding: Quoted-Printable", "Content-Transfer-Encoding: base64"} {
		if _, gaps := readBy(t, labels(), head+packed+"\r\n"+body); len(gaps) != 1 {
			t.Errorf("%s: %d gaps", packed, len(gaps))
		}
		if !IsMail([]byte(head+packed)) || IsMail([]byte("Name : Asha\nContent-Type: x")) || IsMail([]byte("id,content-type:\n1")) {
			t.Error("a mail is not known by its head")
		}
	}
}
