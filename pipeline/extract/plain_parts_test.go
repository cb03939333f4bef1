package extract

import (
	"slices"

	"github.com/cratio/sutra/lineage"
)

// unpack makes the number in ids of messages the record's own where nothing else tells whose it is.
func (r *refRecord) unpack() {
	says := slices.ContainsFunc(r.out.Edges, func(e lineage.Edge) bool {
		return e.Kind != kindMessage && e.Role != lineage.Mention && e.Role != lineage.Key
	})
	for i, e := range r.out.Edges {
		if len(r.packed) == 1 && !says && e.Token == r.packed[0] {
			r.out.Edges[i].Role = lineage.Subject
		}
	}
}

// sides makes the other end of a call a mention where the record is about one end.
func (r *refRecord) sides() {
	is := func(t lineage.Token, role lineage.Role) bool {
		return slices.ContainsFunc(r.out.Edges, func(e lineage.Edge) bool { return e.Token == t && e.Role == role })
	}
	known := false
	for _, e := range r.out.Edges {
		known = known || is(e.Token, lineage.Subject) && is(e.Token, lineage.Party)
	}
	for i, e := range r.out.Edges {
		if known && e.Role == lineage.Party && !is(e.Token, lineage.Subject) {
			r.out.Edges[i].Role = lineage.Mention
		}
	}
}

func (r *refRecord) finish() []lineage.Sighting {
	r.sides()
	r.unpack()
	about, mention, linked := false, false, false
	for _, e := range r.out.Edges {
		switch e.Role {
		case lineage.Mention:
			mention = true
		case lineage.Link, lineage.Member:
			linked = true
		case lineage.Subject, lineage.Party, lineage.Own:
			about = true
		}
	}
	if len(r.parts) == 1 && !about && !linked {
		p := r.parts[0]
		r.out.Edges = append(r.out.Edges, p.Edges...)
		r.out.Names = append(r.out.Names, p.Names...)
		r.out.Labels = append(r.out.Labels, p.Labels...)
		r.parts, about = nil, true
	}
	shell := r.shape.coll.Erase == "redact" || r.shape.coll.Erase == "keep"
	keep := about || mention || r.personal || linked && !shell || r.shape.coll.Accounts
	var out []lineage.Sighting
	if keep && (about || linked || mention || len(r.parts) == 0) {
		out = append(out, r.out)
	}
	for _, p := range r.parts {
		p.Collection, p.Locator, p.At, p.Account = r.out.Collection, r.out.Locator, r.out.At, r.out.Account
		p.Categories, p.RecordedAt, p.Trigger, p.Sum = r.out.Categories, r.out.RecordedAt, r.out.Trigger, r.out.Sum
		out = append(out, p)
	}
	return out
}

func (r *refRecord) sum() uint64 {
	values := map[string]string{}
	for i := 1; i < len(r.shape.cols); i++ {
		if v, ok := r.value(i); ok {
			values[r.shape.cols[i].Name] = v
		}
	}
	return Sum(r.x.Hash, values)
}
