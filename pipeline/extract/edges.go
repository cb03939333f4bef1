package extract

import "github.com/cratio/sutra/lineage"

func (r *record) edgeOf(id Identifier, role lineage.Role) *lineage.Edge {
	return &lineage.Edge{Token: r.hash.Token(id.Kind, id.Value), Kind: id.Kind, Role: role, Weak: id.Weak}
}

// blank appends an edge to the record's, to be filled where it stands and then settled or
// dropped: edges are large, and copying them took as long as hashing a value.
func (r *record) blank(role lineage.Role) *lineage.Edge {
	r.edge = append(r.edge, lineage.Edge{Role: role})
	return &r.edge[len(r.edge)-1]
}

// drop takes back what blank appended.
func (r *record) drop() { r.edge = r.edge[:len(r.edge)-1] }

// settle keeps what blank appended as add would.
func (r *record) settle() {
	if n := len(r.edge) - 1; n >= manyEdges {
		e := r.edge[n]
		r.edge = r.edge[:n]
		r.addOne(&e)
		return
	}
	r.edge = settled(r.edge)
}

// add adds an edge unless the record has it in as strong a role: a mention gives
// way to every other role, and goes beside none.
func (r *record) add(to *[]lineage.Edge, e *lineage.Edge) {
	if to == &r.edge && len(r.edge) >= manyEdges {
		r.addOne(e)
		return
	}
	*to = settled(append(*to, *e))
}

// settled is the list without its last edge, if another one has its place.
func settled(list []lineage.Edge) []lineage.Edge {
	n := len(list) - 1
	e := &list[n]
	for i := range list[:n] {
		old := &list[i]
		if old.Token != e.Token {
			continue
		}
		if old.Role == e.Role || old.Role != lineage.Mention && e.Role == lineage.Mention {
			return list[:n]
		}
		if old.Role == lineage.Mention {
			*old = *e
			return list[:n]
		}
	}
	return list
}

// manyEdges is how many edges of a record are looked through one by one; beyond
// it they are indexed: one cell may hold a whole address book.
const manyEdges = 64

// addOne is add for a record of many edges.
func (r *record) addOne(e *lineage.Edge) {
	if len(r.index) == 0 {
		if r.index == nil {
			r.index = map[lineage.Token][]int{}
		}
		for i, old := range r.edge {
			r.index[old.Token] = append(r.index[old.Token], i)
		}
	}
	for _, i := range r.index[e.Token] {
		switch old := &r.edge[i]; {
		case old.Role == e.Role || old.Role != lineage.Mention && e.Role == lineage.Mention:
			return
		case old.Role == lineage.Mention:
			*old = *e
			return
		}
	}
	r.index[e.Token] = append(r.index[e.Token], len(r.edge))
	r.edge = append(r.edge, *e)
}
