package format_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/chat"
	"github.com/cratio/sutra/connectors/format/form"
)

// TestWide: lines in UTF-16 are read as those in UTF-8, and what stays keeps its bytes, in
// either order and with half a letter at the end.
func TestWide(t *testing.T) {
	leads := connectors.Collection{Name: "leads", Fields: []connectors.CatalogField{{Name: "name"}, {Name: "mobile"}}}
	chats := connectors.Collection{Name: "chats", Fields: []connectors.CatalogField{{Name: "author"}, {Name: "text"}}}
	for _, tt := range []struct {
		codec              func() format.Codec
		collection, hers   string
		others, locator, v string
	}{
		{func() format.Codec { return form.New("x", leads) }, "leads", "name=Asha&mobile=1\r\n", "name=Ravi \U0001F600&mobile=2\r\n", "line 1", "Asha"},
		{func() format.Codec { return form.NewLabels("x", leads, nil) }, "leads", "Name : Asha\r\nMobile : 1\r\n", "Name : Ravi\r\nMobile : 2\r\n", "line 1", "Asha"},
		{func() format.Codec { return chat.New("chats", "x", chats, "") }, "chats", "21/04/26, 10:15 - Asha: a\n", "21/04/26, 10:16 - Ravi: b\n", "line 1", "Asha"},
	} {
		for _, little := range []bool{true, false} {
			wide := func(s, odd string) string { return encode("\ufeff"+s, little) + odd }
			in := func() format.Input {
				return format.Input{Open: func() (io.ReadCloser, error) {
					return io.NopCloser(strings.NewReader(wide(tt.hers+tt.others, "\x0a"))), nil
				}}
			}
			found := false
			err := format.Wide(tt.codec()).Decode(context.Background(), in(), func(b connectors.Batch) error {
				for i := 1; b.Rows != nil && i < int(b.Rows.NumCols()); i++ {
					v, _ := connectors.Value(b.Rows, i, 0)
					found = found || v == tt.v
				}
				return nil
			})
			if err != nil || !found {
				t.Fatalf("%q is not read: %v", tt.hers, err)
			}
			for _, edits := range [][]connectors.Edit{nil, {{Collection: tt.collection, Locator: tt.locator, Action: connectors.Delete}}} {
				var out bytes.Buffer
				want := wide(tt.others, "\x0a")
				if edits == nil {
					want = wide(tt.hers+tt.others, "\x0a")
				}
				if _, err := format.Wide(tt.codec()).Rewrite(context.Background(), in(), &out, format.NewEdits(edits)); err != nil || out.String() != want {
					t.Errorf("%d edits: %q, %v", len(edits), out.String(), err)
				}
			}
		}
	}
}

func encode(s string, little bool) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		if little {
			b = append(b, byte(u), byte(u>>8))
		} else {
			b = append(b, byte(u>>8), byte(u))
		}
	}
	return string(b)
}
