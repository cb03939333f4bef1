package format

import (
	"strings"
	"testing"
)

func TestLooksLike(t *testing.T) {
	wide := func(s string) string {
		var b strings.Builder
		b.WriteString("\xFF\xFE")
		for _, c := range []byte(s) {
			b.WriteByte(c)
			b.WriteByte(0)
		}
		return b.String()
	}
	for head, want := range map[string]Looks{
		`{"a":1}`: LooksJSON, " \n[ {": LooksJSON, "\xEF\xBB\xBF{}": LooksJSON, "[]": LooksJSON, "[1, 2]": LooksJSON, "[": LooksJSON, wide(`{"a":1}`): LooksJSON,
		"[21/04/26, 10:15:00] Asha: hi": LooksText, "{braces} in a text": LooksText, "a,b\n1,2\n": LooksText, wide("id\tname\r\n"): LooksText, "": LooksText,
		"BEGIN:VCARD\r\n": LooksVCard, "begin:vcard\n": LooksVCard, "PK\x03\x04": LooksZip, "PAR1": LooksParquet, "%PDF-1.7": LooksPDF,
		"\xD0\xCF\x11\xE0\xA1": LooksOLE, "<!DOCTYPE html>": LooksHTML, "<html>": LooksHTML, "<?xml version": LooksXML, "\x89PNG": LooksMedia,
		"\x00\x00\x00\x18ftypM4A": LooksMedia, "a\x00b": LooksBinary, "\x01\x02\x03\x04": LooksBinary,
	} {
		if got := LooksLike([]byte(head)); got != want {
			t.Errorf("%q looks like %s, want %s", head, got, want)
		}
	}
}
