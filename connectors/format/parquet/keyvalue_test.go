package parquet

import (
	"encoding/base64"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"
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
