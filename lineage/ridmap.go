package lineage

// ridMap maps sightings to values, in pages of neighbours: the records of a person
// who has very many of them mostly follow each other, and are then found without
// hashing. The zero value is an empty map; what is not in it has the zero value.
type ridMap[V any] struct {
	pages map[RID]*[ridPage]V
	last  *[ridPage]V // the page asked for last, and its number
	at    RID
}

// ridPage is how many sightings share a page: so few that records which stand far
// apart waste little.
const ridPage = 16

func (m *ridMap[V]) get(id RID) (v V) {
	if p := m.page(id / ridPage); p != nil {
		v = p[id%ridPage]
	}
	return v
}

func (m *ridMap[V]) set(id RID, v V) {
	n := id / ridPage
	p := m.page(n)
	if p == nil {
		if m.pages == nil {
			m.pages = map[RID]*[ridPage]V{}
		}
		p = new([ridPage]V)
		m.pages[n], m.last, m.at = p, p, n
	}
	p[id%ridPage] = v
}

// page returns a page by its number, nil when there is none.
func (m *ridMap[V]) page(n RID) *[ridPage]V {
	if m.last != nil && m.at == n {
		return m.last
	}
	p := m.pages[n]
	if p != nil {
		m.last, m.at = p, n
	}
	return p
}

// ridSet is a set of sightings: those that are taken for one person's.
type ridSet struct {
	in   ridMap[bool]
	list []RID // in the order in which they were added
	// between are records of a walk that are in no part, being as near to this one as to
	// another.
	between []RID
}

func (p *ridSet) has(id RID) bool { return p.in.get(id) }

func (p *ridSet) add(id RID) {
	if !p.in.get(id) {
		p.in.set(id, true)
		p.list = append(p.list, id)
	}
}
