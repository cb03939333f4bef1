package pipeline

import (
	"context"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
)

// companyCatalog describes the bench company's tables.
var companyCatalog = connectors.Dataset{Key: "crm", Collections: []connectors.Collection{
	{Name: "users", Staff: true, Account: "account_id", Fields: []connectors.CatalogField{{Name: "id", PrimaryKey: true}, {Name: "account_id"},
		{Name: "name", Categories: []string{"user.name"}}, {Name: "phone", Identity: "phone"}}},
	{Name: "contacts", Account: "account_id", RecordedAt: "at", Fields: []connectors.CatalogField{{Name: "id", PrimaryKey: true}, {Name: "account_id"}, {Name: "at"},
		{Name: "name", Categories: []string{"user.name"}}, {Name: "phone", Identity: "phone"},
		{Name: "merged_into", Links: []string{"merged"}, References: []connectors.Reference{{Dataset: "crm", Collection: "contacts", Field: "id"}}}}},
	{Name: "leads", Account: "account_id", RecordedAt: "at", Fields: []connectors.CatalogField{{Name: "id", PrimaryKey: true}, {Name: "account_id"}, {Name: "at"},
		{Name: "name", Categories: []string{"user.name"}}, {Name: "phone", Identity: "phone"}, {Name: "email", Identity: "email"}}},
	{Name: "calls", Account: "account_id", RecordedAt: "at", Fields: []connectors.CatalogField{{Name: "id", PrimaryKey: true}, {Name: "account_id"}, {Name: "at"},
		{Name: "lead_id", References: []connectors.Reference{{Dataset: "crm", Collection: "leads", Field: "id"}}},
		{Name: "from_number", Identity: "phone"}, {Name: "to_number", Identity: "phone"}}},
}}

// extract turns the rows into sightings, through the real extraction.
func (c *company) extract() {
	x := extract.Extractor{Hash: c.hash, Dates: parseDate}
	for _, coll := range companyCatalog.Collections {
		fields := connectors.Columns("crm", coll)
		b := connectors.NewBuilder(memory.DefaultAllocator, coll.Name, fields)
		for _, row := range c.rows[coll.Name] {
			b.Row(coll.Name + " " + row["id"])
			for i, f := range fields {
				if v := row[f.Name]; v != "" {
					b.Set(i, v)
				}
			}
		}
		batch := b.Flush()
		for _, s := range x.Batch("crm", coll, connectors.Unit{}, batch, false) {
			c.sights = append(c.sights, lineage.Found{RID: lineage.RID(len(c.sights) + 1), Unit: &lineage.UnitState{Source: "crm"}, Record: s})
		}
		batch.Rows.Release()
		b.Release()
	}
}

// benchView is a graph in memory.
type benchView struct {
	sights   []lineage.Found
	postings map[lineage.Token][]lineage.RID
}

func (c *company) view() *benchView {
	v := &benchView{sights: c.sights, postings: map[lineage.Token][]lineage.RID{}}
	for _, f := range c.sights {
		for _, e := range f.Record.Edges {
			if l := v.postings[e.Token]; len(l) == 0 || l[len(l)-1] != f.RID {
				v.postings[e.Token] = append(l, f.RID)
			}
		}
	}
	return v
}

func (v *benchView) Postings(t lineage.Token) ([]lineage.RID, error) { return v.postings[t], nil }

func (v *benchView) PostingsOf(tokens []lineage.Token) (out [][]lineage.RID, _ error) {
	for _, t := range tokens {
		out = append(out, v.postings[t])
	}
	return out, nil
}

func (v *benchView) Load(rids []lineage.RID) ([]lineage.Found, error) {
	var out []lineage.Found
	for _, id := range rids {
		out = append(out, v.sights[id-1])
	}
	return out, nil
}

// result counts ordered pairs of records.
type result struct {
	joined, right    int // joined, and of one person among them
	supported, found int // supported by exclusive evidence, and joined among them
	largest          int
	wrong, missed    []string
}

func (m result) precision() float64 { return float64(m.right) / float64(max(m.joined, 1)) }
func (m result) recall() float64    { return float64(m.found) / float64(max(m.supported, 1)) }

// measure asks for every record by its own id and compares who came with it.
func (c *company) measure(t testing.TB) result {
	r := lineage.NewResolver(c.view(), lineage.Kinds{
		Unique: func(k string) bool { return k == "crm.contacts.id" },
		Link:   func(k string) bool { return len(k) > 4 && k[:4] == "crm." },
		Medium: func(string) bool { return false },
	}, lineage.DefaultLimits())
	group := c.supported()
	size := map[string]int{}
	for _, g := range group {
		size[g]++
	}
	var m result
	for i := range c.sights {
		f := &c.sights[i]
		me := f.Record.Locator
		person, ok := c.truth[me]
		if !ok {
			continue // staff
		}
		coll := f.Record.Collection
		kind := "crm." + coll + ".id"
		p, err := r.Resolve(context.Background(), lineage.Query{Token: c.hash.Token(kind, me[len(coll)+1:]), Kind: kind}, "")
		if err != nil {
			t.Fatalf("%s: %v", me, err)
		}
		m.largest = max(m.largest, len(p.Copies))
		m.supported += size[group[me]] - 1
		for _, o := range p.Copies {
			it := o.Record.Locator
			if it == me {
				continue
			}
			m.joined++
			if other, ok := c.truth[it]; ok && other == person {
				m.right++
			} else if len(m.wrong) < 3 {
				m.wrong = append(m.wrong, me+" with "+it)
			}
			if group[it] == group[me] {
				m.found++
			}
		}
		if len(m.missed) < 3 && slices.ContainsFunc(c.sights, func(o lineage.Found) bool {
			return group[o.Record.Locator] == group[me] && o.Record.Locator != me && !slices.ContainsFunc(p.Copies, func(x lineage.Found) bool { return x.RID == o.RID })
		}) {
			m.missed = append(m.missed, me)
		}
	}
	return m
}

// supported groups the records of each person that exclusive identifiers tie
// together, directly or in a chain.
func (c *company) supported() map[string]string {
	parent := map[string]string{}
	find := func(x string) string {
		for parent[x] != "" {
			x = parent[x]
		}
		return x
	}
	first := map[string]string{}
	for record, ids := range c.strong {
		for _, id := range ids {
			if o, ok := first[id]; !ok {
				first[id] = record
			} else if a, b := find(o), find(record); a != b {
				parent[a] = b
			}
		}
	}
	out := map[string]string{}
	for record := range c.truth {
		out[record] = find(record)
	}
	return out
}
