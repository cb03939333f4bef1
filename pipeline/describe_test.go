package pipeline

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/crm"
	"github.com/cratio/sutra/pipeline/config"
)

// TestSilentOfItsKeys: a source that does not say what its keys are is not read, however
// readable it is. Rows that were read without their keys lead to nobody, and whoever was asked
// for would lose her name and keep what refers to her.
func TestSilentOfItsKeys(t *testing.T) {
	s := silentWorld(t)
	src := &silentSource{Source: s.Sources[0].Conn, err: errors.New("connection lost")}
	s.Sources[0].Conn = src
	for run, want := range []struct{ scanned, gaps, records int }{{0, 1, 0}, {2, 0, 2}, {0, 1, 2}} {
		src.err = map[bool]error{false: errors.New("connection lost")}[run == 1]
		sum, err := s.Scan(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if sum.Scanned != want.scanned || sum.Gaps != want.gaps {
			t.Errorf("scan %d: %d units read and %d gaps, want %+v", run+1, sum.Scanned, sum.Gaps, want)
		}
		p, err := s.Subject(t.Context(), "9811100011", "")
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Copies) != want.records {
			t.Errorf("scan %d: %d records of the person, want %+v", run+1, len(p.Copies), want)
		}
	}
}

// silentWorld is a database with a contact and a note of her.
func silentWorld(t *testing.T) *Site {
	t.Helper()
	dir := t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(dir, "crm.db"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec("CREATE TABLE contacts(id INTEGER PRIMARY KEY, phone TEXT); CREATE TABLE notes(id INTEGER PRIMARY KEY, contact_id INTEGER REFERENCES contacts, body TEXT);" +
		"INSERT INTO contacts VALUES(1, '9811100011'); INSERT INTO notes VALUES(1, 1, 'calls back')")
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"sutra.yaml": "state: state/\nkey: file:sutra.key\nsources:\n  crm: {connector: sqlite, url: \"file:crm.db\", catalog: crm.yaml}\n",
		"sutra.key":  "0123456789abcdef0123456789abcdef",
		"crm.yaml": "dataset:\n  - fides_key: crm\n    collections:\n" +
			"      - {name: contacts, fields: [{name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}]}\n" +
			"      - {name: notes, fields: [{name: body, data_categories: [user.content]}]}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kinds := map[string]connectors.Kind{"sqlite": crm.SQLite()}
	c, _, err := config.Load(filepath.Join(dir, "sutra.yaml"), os.LookupEnv, kinds)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), c, kinds, true, func(any) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// silentSource says what its keys are unless that fails.
type silentSource struct {
	connectors.Source
	err error
}

func (x *silentSource) Describe(ctx context.Context) (connectors.Dataset, error) {
	if x.err != nil {
		return connectors.Dataset{}, x.err
	}
	return x.Source.(connectors.Describer).Describe(ctx)
}
