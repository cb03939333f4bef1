package vcard

import (
	"context"
	"testing"
	"unicode/utf8"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// FuzzDecode proves for any bytes: nothing panics, no value is invalid UTF-8, and
// what is not blank is a record or a gap.
func FuzzDecode(f *testing.F) {
	for _, tt := range decodeTests {
		f.Add([]byte(tt.data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		found := 0
		err := codecOf().Decode(context.Background(), input(string(data)), func(b connectors.Batch) error {
			found += len(b.Gaps)
			if b.Rows == nil {
				return nil
			}
			defer b.Rows.Release()
			found += int(b.Rows.NumRows())
			for r := range int(b.Rows.NumRows()) {
				for col := range int(b.Rows.NumCols()) {
					if v, ok := connectors.Value(b.Rows, col, r); ok && (v == "" || !utf8.ValidString(v)) {
						t.Fatalf("%s holds %q", b.Rows.ColumnName(col), v)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range format.TextOf(data) {
			if c > ' ' && c < 0x7f && found == 0 {
				t.Fatal("neither a record nor a gap")
			}
		}
	})
}

// FuzzRewrite proves for any bytes what check says.
func FuzzRewrite(f *testing.F) {
	for i, tt := range decodeTests {
		f.Add([]byte(tt.data), byte(i))
	}
	f.Fuzz(func(t *testing.T, data []byte, which byte) { check(t, string(data), int(which)) })
}
