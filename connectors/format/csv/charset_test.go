package csv

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// ansi writes a text in Windows-1252, as spreadsheets save a CSV.
func ansi(t testing.TB, s string) string {
	t.Helper()
	out, err := charmap.Windows1252.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestWindows1252 reads and changes tables whose letters are no UTF-8: names are read as
// they are, and what a change leaves of a cell keeps its letters.
func TestWindows1252(t *testing.T) {
	c := New("leads", "files", leads, Options{})
	const head = "id,name,phone,at\n"
	rows, gaps, err := readAll(t, c, ansi(t, head+"1,Zoë “Z” Müller,9876543210,\n2,\"d'accord, 5 €\",,\n"))
	if err != nil || len(gaps) > 0 || len(rows) != 2 || !strings.Contains(rows[0], `name="Zoë “Z” Müller"`) || !strings.Contains(rows[1], `name="d'accord, 5 €"`) {
		t.Errorf("read: %q, %q, %v", rows, gaps, err)
	}
	cut := connectors.Edit{Collection: "leads", Locator: "row 2", Action: connectors.Redact,
		Rewrite: func(_ connectors.Field, v string) (string, connectors.Verdict) {
			return strings.ReplaceAll(v, "9876543210", "[erased]"), connectors.Set
		}}
	every := "\x81\x8d\x8f\x90\x9d\xa0\xff" // letters that only some programs know
	rewrite(t, c, ansi(t, head+"1,Zoë,1,\n2,\"déjà, 9876543210, façade\",,\n3,Mahé,,\n")+"4,"+every+",,\n", []connectors.Edit{cut},
		ansi(t, head+"1,Zoë,1,\n2,\"déjà, [erased], façade\",,\n3,Mahé,,\n")+"4,"+every+",,\n")
	rewrite(t, c, head+"1,a,1,\n2,"+every+"9876543210,,\n", []connectors.Edit{cut}, head+"1,a,1,\n2,"+every+"[erased],,\n")

	// A new value has the letters of its record, else of the table.
	name := func(v string) []connectors.Edit { return []connectors.Edit{set("row 1", "name", v, connectors.Set)} }
	rewrite(t, c, ansi(t, head+"1,Zoë,1,\n"), name("Größe"), ansi(t, head+"1,Größe,1,\n"))
	rewrite(t, c, ansi(t, head+"1,Zoe,1,é\n"), name("Größe"), ansi(t, head+"1,Größe,1,é\n"))
	rewrite(t, c, ansi(t, head+"1,Zoe,1,\n2,é,,\n"), name("Größe"), ansi(t, head+"1,Größe,1,\n2,é,,\n"))
	rewrite(t, c, head+"1,Zoe,1,\n2,é,,\n", name("Größe"), head+"1,Größe,1,\n2,é,,\n")
	rewrite(t, c, head+"1,Zoe,1,\n", name("Größe"), head+"1,Größe,1,\n")

	// One that the table has no letters for is refused where it has to stand as it is.
	rewrite(t, c, ansi(t, head+"1,Zoë,1,\n"), name("ज़ोई"), head+"1,,1,\n")
	exact := name("ज़ोई")
	exact[0].Exact = true
	if _, err := c.Rewrite(context.Background(), input(ansi(t, head+"1,Zoë,1,\n")), &bytes.Buffer{}, format.NewEdits(exact)); !errors.Is(err, connectors.ErrUnfit) {
		t.Errorf("a letter that Windows-1252 lacks: %v", err)
	}
}
