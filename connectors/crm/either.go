package crm

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// A column may be the key of a row in one of several tables, and nothing beside it says in which:
// who a task is about, a contact or a lead. It can be followed to each of them where no id is in
// two of them. Where one is, the contact and the lead who have it by chance would be one person,
// so by such a column a row is nobody's.

// fewKeys is how many ids tables have to have for their counters to be one when no id is in two.
const fewKeys = 100

// longKey is from how many letters on a key is such as no counter gives out.
const longKey = 15

// either finds the tables with ids in common of which a field of a table may mean each. What the
// database holds to several tables at once means rows of all of them, and so does what refers
// to a row and to one that says more of it.
func (s *source) either(ctx context.Context, ss *session, sc *schema, all []connectors.Collection, from *table, f connectors.CatalogField) ([]string, error) {
	var ends []keyColumn
	for _, r := range f.References {
		t := sc.table(r.Collection)
		if r.Dataset != s.dataset.Key || t == nil || t.column(r.Field) == nil && t.reason == "" || slices.ContainsFunc(ends, func(e keyColumn) bool { return e.t == t }) {
			continue
		}
		if slices.ContainsFunc(sc.refs, func(x reference) bool { return x.from == from.name && x.to == t.name && contains(x.fromCols, f.Name) }) {
			continue
		}
		ends = append(ends, keyColumn{t, t.column(r.Field), refersTo(all, r)})
	}
	var out []string
	for i, a := range ends {
		for _, b := range ends[i+1:] {
			if slices.ContainsFunc(a.means, func(r connectors.Reference) bool { return slices.Contains(b.means, r) }) {
				continue
			}
			common := true // as long as the server does not say that it is not so
			err := ss.attempt(ctx, func() (err error) {
				if a.t.reason+b.t.reason == "" {
					common, err = s.common(ctx, ss, a, b)
				}
				return err
			})
			if err != nil && !answers(ctx, ss, err) {
				return nil, err
			}
			for _, e := range []keyColumn{a, b} {
				if (common || err != nil) && !slices.Contains(out, e.t.name) {
					out = append(out, e.t.name)
				}
			}
		}
	}
	return out, nil
}

// keyColumn is a column that others refer to.
type keyColumn struct {
	t     *table
	c     *column
	means []connectors.Reference // itself and what it refers to
}

func (e keyColumn) number() bool { return e.c.kind == kindInt || e.c.affinity == affInteger }

// refersTo lists a column that others refer to and those that it refers to itself.
func refersTo(all []connectors.Collection, r connectors.Reference) []connectors.Reference {
	out := []connectors.Reference{r}
	for _, c := range all {
		for _, f := range c.Fields {
			if c.Name == r.Collection && f.Name == r.Field {
				out = append(out, f.References...)
			}
		}
	}
	return out
}

// common reports that two tables have ids in common, or so few that they may come to have some.
func (s *source) common(ctx context.Context, ss *session, a, b keyColumn) (bool, error) {
	few, short := false, ""
	for i, e := range []keyColumn{a, b} {
		if e.c.kind == kindUUID {
			return false, nil
		}
		q := s.d.quote(e.c.name)
		n, keys, long := 0, "SELECT "+q+" FROM "+e.t.from+" WHERE "+q+" IS NOT NULL LIMIT ", true
		err := ss.each(ctx, keys+fmt.Sprint(fewKeys), nil, func(v []any) error {
			text, _ := spell(v[0], true)
			n, long = n+1, long && len(text) >= longKey && strings.Trim(text, "0123456789") != ""
			return nil
		})
		if err != nil || n == 0 {
			return false, err
		}
		if long { // as far as they were seen: a short one behind them may be of a counter
			short = " WHERE LENGTH(" + [...]string{"a.", "b."}[i] + q + fmt.Sprintf(") < %d", longKey)
		}
		few = few || n < fewKeys
	}
	if a.number() && b.number() {
		la, ha, _, err := ss.ends(ctx, s.d.quote(a.c.name), a.t.from)
		if err != nil {
			return false, err
		}
		lb, hb, _, err := ss.ends(ctx, s.d.quote(b.c.name), b.t.from)
		if err != nil || ha < lb || hb < la {
			return false, err
		}
		if few {
			return true, nil
		}
	}
	some, err := ss.one(ctx, "SELECT 1 FROM "+a.t.from+" a JOIN "+b.t.from+" b ON "+s.d.equal(a.c, "a.", b.c, "b.")+short+" LIMIT 1")
	return some != "", err
}

// Mixed implements [connectors.Mixer].
func (s *source) Mixed(ctx context.Context, refs []connectors.Reference) (tables []string, err error) {
	err = s.reading(ctx, func(ss *session, sc *schema) error {
		tables, err = s.either(ctx, ss, sc, s.dataset.Collections, &table{}, connectors.CatalogField{References: refs})
		return err
	})
	return tables, err
}

// eithers makes the fields that may mean the rows of several tables mentions of these, and
// returns them by collection.
func (s *source) eithers(ctx context.Context, ss *session, sc *schema, all []connectors.Collection) (map[string][]mixed, error) {
	found := map[string][]mixed{}
	for _, c := range all {
		t := sc.table(c.Name)
		for i := range c.Fields {
			f := &c.Fields[i]
			if t != nil && toSeveral(*f) {
				found[c.Name] = append(found[c.Name], mixed{f.Name, s.tablesOf(*f)})
				continue
			}
			if t == nil || len(f.References) < 2 || f.Role == "mention" {
				continue
			}
			tables, err := s.either(ctx, ss, sc, all, t, *f)
			if err != nil {
				return nil, err
			}
			if len(tables) > 0 {
				f.Role, f.May = "mention", slices.Clone(f.References)
				found[c.Name] = append(found[c.Name], mixed{f.Name, tables})
			}
		}
	}
	return found, nil
}

// toSeveral reports a field that eithers made a mention. It stays one, also when no id is in
// two tables any more: of whom was in both, what referred to the one whose row is gone would
// be the other's.
func toSeveral(f connectors.CatalogField) bool {
	return f.Role == "mention" && len(f.May) > 1 && slices.Equal(f.May, f.References)
}

// tablesOf are the tables of this database that a field may mean.
func (s *source) tablesOf(f connectors.CatalogField) (out []string) {
	for _, r := range f.References {
		if r.Dataset == s.dataset.Key && !slices.Contains(out, r.Collection) {
			out = append(out, r.Collection)
		}
	}
	return out
}

// mixed is a field that may mean the rows of several tables.
type mixed struct {
	field  string
	tables []string
}

// what says which rows it leads to nobody by.
func (m mixed) what(t *table) string {
	return fmt.Sprintf("table %q, of which %s may be the id of a row of %s: these have ids in common, or had or may have some, and nothing says which is meant", t.name, m.field, strings.Join(m.tables, " or of "))
}

// mixedFindings says so for a check.
func mixedFindings(l *layout, open []mixed) []connectors.Finding {
	var out []connectors.Finding
	for _, m := range open {
		out = append(out, finding("references", false, "%s; by it its rows are nobody's until refs name a column that says the table", m.what(l.table)))
	}
	return out
}

// openNotes says of the rows that are read by what they are nobody's.
func (s *source) openNotes(sc *schema, l *layout) []string {
	out := undecidedNotes(l, s.undecided(sc, l))
	for _, m := range s.mixed[l.coll.Name] {
		out = append(out, "row of "+m.what(l.table))
	}
	return out
}
