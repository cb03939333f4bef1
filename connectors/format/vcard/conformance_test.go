package vcard_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
	"github.com/cratio/sutra/connectors/connectortest"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/vcard"
)

var contacts = connectors.Collection{Name: "contacts", Fields: []connectors.CatalogField{
	{Name: "fn"}, {Name: "n"}, {Name: "tel", Identity: "phone"}, {Name: "email", Identity: "email"}, {Name: "related"},
}}

const file = "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E0=A4=86;=\r\n=E0=A4=B6\r\nTEL;CELL:9876500001\r\nTEL;HOME:080 1234567\r\n" +
	"PHOTO;BASE64;JPEG:\r\n AAEC\r\n\r\nEND:VCARD\r\nBEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ravi\r\nitem1.X-ABRELATEDNAMES:Asha\r\nX-FOO:1\r\nEND:VCARD\r\n\r\n" +
	"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Sonu\r\nEMAIL:sonu@example.com\r\nbroken\r\nEND:VCARD\r\n"

func TestConformance(t *testing.T) {
	for _, field := range []string{"tel", "n", vcard.RestColumn} {
		t.Run(field, func(t *testing.T) {
			connectortest.Run(t, connectortest.Suite{
				MinRecords: 6, Gaps: 3, Collection: "contacts", Field: field,
				Victim: func(r connectortest.Record) bool { return r.Unit == "a.vcf" && r.Locator == "card 2" },
				Open: func(t testing.TB) connectors.Source {
					root := t.TempDir()
					for name, data := range map[string]string{"a.vcf": file, "b/c.vcf": "stray\n" + file, "one.vcf": file[:strings.Index(file, "\r\nEND")] + "\r\nEND:VCARD"} {
						p := filepath.Join(root, name)
						if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
							t.Fatal(err)
						}
						if err := os.WriteFile(p, []byte(data), 0o644); err != nil {
							t.Fatal(err)
						}
					}
					s, err := format.Open(context.Background(), connectors.Config{Name: "google", URL: "file:" + root},
						func(blob.Object, string) (format.Codec, error) { return vcard.New("contacts", "google", contacts), nil }, nil)
					if err != nil {
						t.Fatal(err)
					}
					return s
				},
			})
		})
	}
}
