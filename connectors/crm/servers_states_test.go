package crm

import (
	"context"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// TestServerReadsAnotherState: rows that go between the listing and the reading and come back
// later are not taken for read. A server that cannot read in the state of the listing says
// in which state it read.
func TestServerReadsAnotherState(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		f := serverFixture(t, kind, "a: id! v~", "CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT);\nINSERT INTO a VALUES (1, 'x'), (2, 'y')")
		read := func(u connectors.Unit) (string, int) {
			t.Helper()
			print, rows := "", 0
			for b, err := range f.src.Read(context.Background(), u) {
				if err != nil {
					t.Fatal(err)
				}
				print, rows = b.Fingerprint, rows+int(b.Rows.NumRows())
			}
			return print, rows
		}
		listed := f.units()[0]
		if print, rows := read(listed); print != "" || rows != 2 {
			t.Errorf("%d rows, read in a state of its own: %q", rows, print)
		}
		listed = f.units()[0]
		f.exec("DELETE FROM a WHERE id = 2")
		print, rows := read(listed)
		if kind == "postgres" { // it is read as it was listed
			if print != "" || rows != 2 {
				t.Errorf("%d rows, read in a state of its own: %q", rows, print)
			}
			return
		}
		if now := f.units()[0].Fingerprint; rows != 1 || print != now {
			t.Errorf("%d rows, read as %q and not as %q", rows, print, now)
		}
		f.exec("INSERT INTO a VALUES (2, 'y')")
		if back := f.units()[0].Fingerprint; back != listed.Fingerprint || back == print {
			t.Errorf("the rows that came back go by %q", back)
		}
	})
}
