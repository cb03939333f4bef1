package json

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// TestMany holds documents of more values than fit into memory: gaps, flat or not.
func TestMany(t *testing.T) {
	for _, what := range []string{strings.Repeat("[],", MaxValues) + "1", strings.Repeat("[[", 3) + strings.Repeat("1,", MaxValues) + "1]]"} {
		if _, err := Parse([]byte("[" + what + "]")); !errors.Is(err, ErrMany) {
			t.Errorf("parsed: %v, want ErrMany", err)
		}
		data := `{"id":"1"}` + "\n" + `{"id":"2","x":[` + what + "]}\n" + `{"id":"3"}` + "\n"
		rows, gaps := 0, 0
		err := New("crm", leadsCatalog(), true).Decode(context.Background(), input(data), func(b connectors.Batch) error {
			gaps += len(b.Gaps)
			rows += int(b.Rows.NumRows())
			b.Rows.Release()
			return nil
		})
		if err != nil || rows != 2 || gaps != 1 {
			t.Errorf("%d rows and %d gaps, %v", rows, gaps, err)
		}
	}
}
