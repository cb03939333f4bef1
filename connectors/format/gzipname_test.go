package format_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// TestGzipNameIsRead: what the header of a gzip stream says of somebody is a gap of the unit,
// beside its rows.
func TestGzipNameIsRead(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name = "919876543210.csv"
	_, err := io.WriteString(w, table)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	s, _ := open(t, map[string]string{"x.csv.gz": b.String()}, connectors.AccountRule{})
	got, err := rows(s, units(t, s)["x.csv.gz"])
	if err != nil || len(got) != 4 || !strings.HasPrefix(got[3], "gap gzip header: ") {
		t.Errorf("%q, %v", got, err)
	}
}
