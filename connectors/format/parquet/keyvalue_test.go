package parquet

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"

	"github.com/cratio/sutra/connectors"
)

// TestMetadataGap: whoever stands in the key-value metadata is told, also in a file without
// a row of hers; what programs write there of themselves is nobody.
func TestMetadataGap(t *testing.T) {
	for text, want := range map[string]bool{
		"asha@example.com": true, `{"made for": "Asha <asha.v@mail.example.co.in>"}`: true, "98765 43210": true, "+919876543210": true,
		"call 09876543210, please": true, "call 09876543210.": true, "owner=+44 20 7946 0958": true,
		base64.StdEncoding.EncodeToString([]byte("\x10\x00\x00\x00\xffexample\x00\x0a\x00\x00\x009876543210\x00\x00")): true,
		base64.StdEncoding.EncodeToString([]byte("\x10\x00@\x00\xffid\x00\x0a@A\x00\x00")):                             false,
		`{"index_columns": [{"kind": "range", "start": 0, "stop": 3000000}], "pandas_version": "2.2.3"}`:               false,
		`{"type":"struct","fields":[{"name":"id","type":"long"}]}`:                                                     false,
		`{"bbox":[72.8776559123,18.9876543210,9876543210.5],"at":1764200000000}`:                                       false,
		"snapshot 9876543210987654321, 6b9d9876543210ab":                                                               false,
	} {
		rows, gaps, err := rowsOf(t, peopleCat, write(t, people(2), 5, pq.KeyValueMetadata("note", text)))
		if err != nil || len(rows) != 2 {
			t.Fatal(len(rows), err)
		}
		if got := len(gaps) == 1; got != want || len(gaps) > 1 {
			t.Errorf("%s: %v", text, gaps)
			continue
		}
		if want && (gaps[0].Locator != "footer" || gaps[0].Text == "" || strings.ContainsAny(gaps[0].Reason, "@0123456789")) {
			t.Errorf("%s: %+v", text, gaps[0])
		}
	}
}

// TestCountedTexts: of the categories of an Enum that follow their lengths each can be found,
// also of so many that one gap does not hold them.
func TestCountedTexts(t *testing.T) {
	var list strings.Builder
	list.WriteString("\x10\x00\x00\x00name")
	const many = 20000
	for i := range many {
		text := token(i) + "@mail.example.com"
		fmt.Fprintf(&list, "%d;%s", len(text), text)
	}
	list.WriteString("\x00\x00 99999;too short 3;abc")
	schema := base64.StdEncoding.EncodeToString([]byte(list.String()))
	_, gaps, err := rowsOf(t, peopleCat, write(t, people(2), 5, pq.KeyValueMetadata("ARROW:schema", schema)))
	if err != nil || len(gaps) < 2 || gaps[0].Locator != "footer" || gaps[1].Locator != "footer, part 2" {
		t.Fatalf("%v, %d gaps", err, len(gaps))
	}
	found := 0
	for _, g := range gaps {
		if len(g.Text) > connectors.GapText {
			t.Errorf("%s: %d bytes", g.Locator, len(g.Text))
		}
		for _, line := range strings.Split(g.Text, "\n") {
			if strings.HasPrefix(line, "kj") && strings.HasSuffix(line, "q@mail.example.com") {
				found++
			}
		}
	}
	if found != many {
		t.Errorf("%d of %d stand by themselves", found, many)
	}
}

// TestNumberBeforeASemicolon: it need not be the length of what follows.
func TestNumberBeforeASemicolon(t *testing.T) {
	_, gaps, err := rowsOf(t, peopleCat, write(t, people(2), 5, pq.KeyValueMetadata("made", "id=12;mail=meera@example.in")))
	if err != nil || len(gaps) != 1 || !strings.Contains(gaps[0].Text, "meera@example.in") {
		t.Fatalf("%v, %d gaps: the address is in none as it stands", err, len(gaps))
	}
}
