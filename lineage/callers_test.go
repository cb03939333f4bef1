package lineage

import "testing"

// TestDifferentCallers holds which two call logs are of two callers.
func TestDifferentCallers(t *testing.T) {
	edge := func(role Role, kind, value string) Edge {
		return Edge{Token: tok(kind + value), Kind: kind, Role: role}
	}
	party := func(v string) Edge { return edge(Party, "phone", v) }
	hers := func(v string) Edge { return edge(Subject, "phone", v) }
	lead := func(v string) Edge { return edge(Link, "crm.leads.id", v) }
	for _, c := range []struct {
		name string
		a, b []Edge
		want bool
	}{
		{"two numbers", []Edge{hers("1")}, []Edge{hers("2")}, true},
		{"one number", []Edge{hers("1")}, []Edge{hers("1")}, false},
		{"a lead and a number", []Edge{lead("1")}, []Edge{hers("2")}, false},
		{"two leads", []Edge{lead("1")}, []Edge{lead("2")}, true},
		{"two leads, one number", []Edge{lead("1"), hers("1")}, []Edge{lead("2"), hers("1")}, false},
		{"a rented number", []Edge{party("1"), party("9")}, []Edge{party("9"), party("2")}, true},
		{"a rented number, a column of hers", []Edge{hers("1"), party("9")}, []Edge{hers("2"), party("9")}, true},
		{"the same call", []Edge{party("1"), party("9")}, []Edge{party("9"), party("1")}, false},
		{"two leads, the same call", []Edge{lead("1"), party("1"), party("9")}, []Edge{lead("2"), party("1"), party("9")}, false},
		{"one end alone", []Edge{party("1"), party("9")}, []Edge{party("1")}, false},
	} {
		if different(c.a, c.b) != c.want || different(c.b, c.a) != c.want {
			t.Errorf("%s: %v, want %v", c.name, !c.want, c.want)
		}
	}
}
