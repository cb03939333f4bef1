package pipeline

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/crm"
	"github.com/cratio/sutra/pipeline/config"
)

// TestSilentOfItsKeys: a source that does not say what its keys are is not read, however
// readable it is. Rows that were read without their keys lead to nobody, and whoever was asked
// for would lose her name and keep what refers to her.
func TestSilentOfItsKeys(t *testing.T) {
	s := silentWorld(t, t.TempDir(), func(any) {})
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
func silentWorld(t *testing.T, dir string, out Sink) *Site {
	t.Helper()
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
			"      - {name: contacts, meta: {sutra: {class: account_crm, erase: delete}}, fields: [{name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}]}\n" +
			"      - {name: notes, meta: {sutra: {class: account_crm, erase: delete}}, fields: [{name: body, data_categories: [user.content]}]}\n",
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
	s, err := Open(t.Context(), c, kinds, true, out)
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

// TestUnreadAfterwards: when the database breaks between the change and the look at what is
// left, nobody can say that identifiers are still there, and nothing is certified.
func TestUnreadAfterwards(t *testing.T) {
	var gaps, left []string
	dir := t.TempDir()
	s := silentWorld(t, dir, func(line any) {
		switch l := line.(type) {
		case GapLine:
			gaps = append(gaps, l.Reason)
		case UnerasedLine:
			left = append(left, l.Dataset+" "+l.Reason)
		}
	})
	if _, err := s.Scan(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	plan := filepath.Join(dir, "plan")
	if _, err := s.Erase(t.Context(), "9811100011", "", plan); err != nil {
		t.Fatal(err)
	}
	conn := s.Sources[0].Conn
	s.Sources[0].Conn = &breakingSource{Source: conn, Eraser: conn.(connectors.Eraser)}
	sum, err := s.Apply(t.Context(), plan, false)
	if said := strings.Join(gaps, "\n"); err != nil || sum.Residue != 1 || strings.Contains(said, "still in") || !strings.Contains(said, "what was changed in contacts cannot be read again") {
		t.Errorf("%+v %v\n%s", sum, err, said)
	}
	if sum, err := s.Scan(t.Context(), nil); err != nil || sum.Back != 0 || !slices.Equal(left, []string{"crm.contacts unseen"}) {
		t.Errorf("a scan that sees as little: %+v %v, left %q", sum, err, left)
	}
	left, s.Sources[0].Conn = nil, conn
	if sum, err := s.Scan(t.Context(), nil); err != nil || sum.Back+sum.Gaps+len(left) != 0 {
		t.Errorf("a scan that sees: %+v %v, left %q", sum, err, left)
	}
	if sum, err = s.Apply(t.Context(), plan, false); err != nil || sum.Residue+sum.Gaps != 0 {
		t.Errorf("once it answers again: %+v %v", sum, err)
	}
}

// breakingSource breaks once something was erased.
type breakingSource struct {
	connectors.Source
	connectors.Eraser
	broken atomic.Bool
}

func (x *breakingSource) Erase(ctx context.Context, u connectors.Unit, edits []connectors.Edit) (connectors.Unit, connectors.Outcome, error) {
	next, out, err := x.Eraser.Erase(ctx, u, edits)
	if err == nil {
		x.broken.Store(true)
	}
	return next, out, err
}

func (x *breakingSource) Units(ctx context.Context) iter.Seq2[connectors.Unit, error] {
	if !x.broken.Load() {
		return x.Source.Units(ctx)
	}
	return func(yield func(connectors.Unit, error) bool) { yield(connectors.Unit{}, errors.New("connection lost")) }
}
