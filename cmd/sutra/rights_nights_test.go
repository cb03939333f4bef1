package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/all"
	"github.com/cratio/sutra/connectors/connectortest"
	"github.com/cratio/sutra/pipeline"
)

// What happens to a company between two nights: a source is not mounted, a unit cannot be
// read, a catalog says other things, and an older copy of a table or a file is put back.

// places of the sources, under the folder of the world.
var rightsPlaces = map[string]string{"crm": "crm.db", "exports": "exports", "rec": "rec"}

// away takes a source from its place, or puts it back.
func (m *rightsModel) away() {
	for _, source := range []string{"crm", "exports", "rec"} {
		if m.gaps[source] == "away" {
			m.must(os.Rename(m.at(source), filepath.Join(m.dir, rightsPlaces[source])))
			delete(m.gaps, source)
			m.reopen()
			m.say("%s is back", source)
			return
		}
	}
	source := []string{"crm", "exports", "rec"}[m.rng.IntN(3)]
	if m.gaps[source] != "" {
		return
	}
	m.must(os.Rename(m.at(source), filepath.Join(m.dir, "away-"+source)))
	m.gaps[source] = "away"
	m.reopen()
	m.say("%s is away", source)
}

// broken lets some units of a source fail, or all be read again.
func (m *rightsModel) broken() {
	for _, source := range []string{"crm", "exports", "rec"} {
		if strings.HasPrefix(m.gaps[source], "broken") {
			delete(m.gaps, source)
			m.say("%s can be read", source)
			return
		}
	}
	source := []string{"crm", "exports", "rec"}[m.rng.IntN(3)]
	if m.gaps[source] == "" {
		m.gaps[source] = "broken"
		m.faults = connectortest.Faults{Seed: m.rng.Uint64(), Share: []float64{0, 0.4}[m.rng.IntN(2)], ReadAfter: -1}
		m.say("%s cannot be read: %+v", source, m.faults)
	}
}

// at is where a source stands now.
func (w *rightsWorld) at(source string) string {
	if w.gaps[source] == "away" {
		return filepath.Join(w.dir, "away-"+source)
	}
	return filepath.Join(w.dir, rightsPlaces[source])
}

// kinds are the connectors, of which some fail.
func (w *rightsWorld) kinds() map[string]connectors.Kind {
	kinds := all.Kinds()
	for source, kind := range map[string]string{"crm": "sqlite", "exports": "files", "rec": "recordings"} {
		if w.gaps[source] != "broken" {
			continue
		}
		k := kinds[kind]
		open := k.Open
		k.Open = func(ctx context.Context, c connectors.Config) (connectors.Source, error) {
			s, err := open(ctx, c)
			if err != nil {
				return nil, err
			}
			return connectortest.Faulty(s, w.faults), nil
		}
		kinds[kind] = k
	}
	return kinds
}

// sourceOf is where a record stands.
func sourceOf(key string) string {
	switch {
	case strings.HasPrefix(key, "people/"):
		return "exports"
	case strings.HasPrefix(key, "rec:"):
		return "rec"
	}
	return "crm"
}

// known is what a scan that is made now leaves in the graph for certain.
func (m *rightsModel) known(now map[string]string) map[string]string {
	out := maps.Clone(now)
	maps.DeleteFunc(out, func(k, text string) bool {
		table, _, _ := strings.Cut(k, ":")
		return m.gaps[sourceOf(k)] != "" && m.seen[k] != text || m.catalog["without "+table]
	})
	return out
}

// recatalog changes what the catalogs say.
func (m *rightsModel) recatalog() {
	what := []string{"without tickets", "without notes", "bare texts", "no references", "no mail", "no names", "keep names"}[m.rng.IntN(7)]
	if m.catalog[what] {
		delete(m.catalog, what)
	} else {
		m.catalog[what] = true
	}
	m.say("catalog: %v", slices.Sorted(maps.Keys(m.catalog)))
	crm, exports := rightsCRM, rightsExports
	cut := func(text *string, from, to string) {
		before, rest, ok := strings.Cut(*text, from)
		_, after, ok2 := strings.Cut(rest, to)
		if !ok || !ok2 && to != "" {
			m.fail("%s is not in the catalog", from)
		}
		*text = before + to + after
	}
	if m.catalog["bare texts"] {
		crm = strings.ReplaceAll(crm, "{name: body, data_categories: [user.content]}", "{name: body}")
	}
	if m.catalog["no references"] {
		crm = strings.ReplaceAll(crm, "{name: contact_id, fides_meta: {references: [{dataset: crm, field: contacts.id, direction: from}]}}", "{name: contact_id}")
	}
	if m.catalog["no names"] {
		crm = strings.Replace(crm, "{name: name, data_categories: [user.name]}", "{name: name}", 1)
	}
	if m.catalog["keep names"] {
		crm = strings.Replace(crm, "{name: name, data_categories: [user.name], meta: {sutra: {erase: keep}}}", "{name: name, data_categories: [user.name]}", 1)
	}
	if m.catalog["no mail"] {
		exports = strings.Replace(exports, "{name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}", "{name: email}", 1)
	}
	if m.catalog["without tickets"] {
		cut(&crm, "      - name: tickets", "      - name: notes")
	}
	if m.catalog["without notes"] {
		cut(&crm, "      - name: notes", "      - name: invoices")
	}
	m.must(os.WriteFile(filepath.Join(m.dir, "crm.yaml"), []byte(crm), 0o600))
	m.must(os.WriteFile(filepath.Join(m.dir, "exports.yaml"), []byte(exports), 0o600))
}

// saved is an older copy of a table or a file.
type saved struct {
	what string
	data []byte
	rows [][]any
}

// backup keeps a copy of a table or a file, or puts one back.
func (m *rightsModel) backup() {
	if len(m.saved) > 0 && m.rng.IntN(2) == 0 {
		m.restore(m.saved[m.rng.IntN(len(m.saved))])
		return
	}
	what := []string{"contacts", "tickets", "notes", "invoices", "people/0.csv", "people/1.csv"}[m.rng.IntN(6)]
	b := saved{what: what}
	if strings.HasPrefix(what, "people") {
		data, err := os.ReadFile(filepath.Join(m.at("exports"), what))
		if err != nil {
			return
		}
		b.data = data
	} else {
		rows, err := m.db.Query("SELECT * FROM " + what)
		m.must(err)
		cols, err := rows.Columns()
		m.must(err)
		for rows.Next() {
			vals, ptrs := make([]any, len(cols)), make([]any, len(cols))
			for i := range vals {
				ptrs[i] = &vals[i]
			}
			m.must(rows.Scan(ptrs...))
			b.rows = append(b.rows, vals)
		}
		m.must(errors.Join(rows.Err(), rows.Close()))
	}
	m.saved = append(m.saved, b)
	m.say("backup of %s", what)
}

// restore puts an older copy in the place of what is there.
func (m *rightsModel) restore(b saved) {
	before := m.snap()
	if b.data != nil {
		path := filepath.Join(m.at("exports"), b.what)
		m.must(os.MkdirAll(filepath.Dir(path), 0o700))
		m.must(os.WriteFile(path, b.data, 0o600))
	} else {
		m.must(m.inTx(func(tx *sql.Tx) error {
			_, err := tx.Exec("DELETE FROM " + b.what)
			for _, r := range b.rows {
				_, err2 := tx.Exec("INSERT INTO "+b.what+" VALUES (?"+strings.Repeat(",?", len(r)-1)+")", r...)
				err = errors.Join(err, err2)
			}
			return err
		}))
	}
	after := m.snap()
	var back []string
	for _, k := range slices.Sorted(maps.Keys(after)) {
		if r := m.records[k]; before[k] != after[k] && after[k] == r.text {
			m.back[k] = true
			back = append(back, k)
		}
	}
	m.say("backup of %s put back: %v", b.what, back)
}

func (w *rightsWorld) inTx(fn func(tx *sql.Tx) error) error {
	tx, err := w.db.Begin()
	if err != nil {
		return err
	}
	return errors.Join(fn(tx), tx.Commit())
}

// apart says that two who are two are two.
func (m *rightsModel) apart() {
	if len(m.different) > 0 && m.rng.IntN(2) == 0 {
		id := m.different[0]
		m.must(m.job(func(s *pipeline.Site) error { return s.ReleaseLink(m.t.Context(), id, "mistaken") }))
		m.different = m.different[1:]
		m.say("word %s released", id)
		return
	}
	p := [][2]int{{0, 1}, {0, 5}, {3, 4}, {5, 6}, {6, 7}, {8, 9}}[m.rng.IntN(6)]
	var l pipeline.LinkLine
	err := m.job(func(s *pipeline.Site) (err error) {
		l, err = s.AddLink(m.t.Context(), false, m.people[p[0]].email, m.people[p[1]].email, m.people[p[0]].account, "he said so")
		return err
	})
	m.say("link different %v: %v", p, err)
	if err == nil {
		m.different = append(m.different, l.ID)
	} else if !errors.Is(err, pipeline.ErrRefused) {
		m.fail("link: %v", err)
	}
}

// consent lets somebody be called, or not.
func (m *rightsModel) consent(who int) {
	r := m.records[fmt.Sprintf("contacts:%d", m.people[who].contact)]
	if m.snap()[r.key] != r.text {
		return
	}
	from, to := "'0')", "'1')"
	if strings.HasSuffix(r.line, to) {
		from, to = to, from
	}
	r.line = strings.TrimSuffix(r.line, from) + to
	m.put(r)
	m.say("consent of %d: %s", who, to)
}

// morning puts all back in its place, and compares the graph with a new one.
func (m *rightsModel) morning() {
	for source, what := range m.gaps {
		if what == "away" {
			m.must(os.Rename(m.at(source), filepath.Join(m.dir, rightsPlaces[source])))
		}
	}
	clear(m.gaps)
	m.reopen()
	m.scan()
	m.fresh(true)
}

// floor sets a floor of the law, or takes it away.
func (m *rightsModel) floor() {
	text := "floors: {}\n"
	m.floors = !m.floors
	if m.floors {
		text = "floors:\n  in.tickets: {applies: [support_ticket], expr: \"event + P4Y\", mode: enforce, effective_from: 2020-01-01}\n"
	}
	m.must(os.WriteFile(filepath.Join(m.dir, "policy.yaml"), []byte(text), 0o600))
	m.say("floor: %v", m.floors)
}
