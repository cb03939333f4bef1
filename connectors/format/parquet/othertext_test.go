package parquet

import (
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"

	"github.com/cratio/sutra/connectors"
)

// TestRedactKeepsOtherBytes: a text in Latin-1 keeps its letters when a number is cut out of
// it, in a column and in a list.
func TestRedactKeepsOtherBytes(t *testing.T) {
	type row struct {
		Note []byte   `parquet:"note"`
		List [][]byte `parquet:"list,list"`
	}
	const number = "98220 31416"
	data := write(t, []row{{[]byte("M\xfcller " + number + " caf\xe9"), [][]byte{[]byte("\xe9" + number), []byte("\xe8")}}}, 1)
	after, _, out := rewrite(t, peopleCat, data, edit(0, connectors.Redact, func(_ connectors.Field, v string) (string, connectors.Verdict) {
		return strings.ReplaceAll(v, number, "[erased]"), connectors.Set
	}))
	rows, err := pq.Read[row](strings.NewReader(string(after)), int64(len(after)))
	if err != nil || out.Redacted != 1 {
		t.Fatal(err, out)
	}
	if got := string(rows[0].Note); got != "M\xfcller [erased] caf\xe9" {
		t.Errorf("the column has %q", got)
	}
	if got := string(rows[0].List[0]) + " " + string(rows[0].List[1]); got != "\xe9[erased] \xe8" {
		t.Errorf("the list has %q", got)
	}
}
