package lineage

import (
	"fmt"
	"testing"
)

// counting counts the sightings that are loaded from a view.
type counting struct {
	View
	loaded int
}

func (c *counting) Load(rids []RID) ([]Found, error) {
	c.loaded += len(rids)
	return c.View.Load(rids)
}

// TestAccountsOfCrowds: thousands of records without an account that refer to a few
// contacts, or to what only leads to a contact, are asked about one after the other. Each
// is read a few times, however many ask, and the answers are those of a resolver that
// forgets nothing.
func TestAccountsOfCrowds(t *testing.T) {
	var lines []string
	for c := range 4 {
		lines = append(lines, fmt.Sprintf("contact%d A%d - =contact:%d", c, c%2, c))
	}
	lines = append(lines, "deal - - =deal:1 >contact:3")
	for i := range 6000 {
		lines = append(lines, fmt.Sprintf("call%d - - =call:%d >%s", i, i, []string{"contact:0", "contact:1", "contact:2", "deal:1"}[i%4]))
	}
	v := world(lines)
	link := func(string) bool { return true }
	kinds := Kinds{Unique: func(k string) bool { return k == "contact" }, Link: link, Medium: func(string) bool { return false }}
	c := &counting{View: index(v)}
	r, plain := NewResolver(c, kinds, DefaultLimits()), NewResolver(index(v), kinds, DefaultLimits())
	for i := range v {
		if i%500 == 0 {
			r.Forget()
			var next []*Found
			for k := i; k < min(i+500, len(v)); k++ {
				next = append(next, &v[k])
			}
			if err := r.Ahead(next); err != nil {
				t.Fatal(err)
			}
		}
		got, err := r.AccountOf(&v[i])
		if err != nil {
			t.Fatal(err)
		}
		if want, err := plain.AccountOf(&v[i]); err != nil || got != want || got == "" {
			t.Fatalf("%s is of %q, want %q (%v)", v[i].Record.Locator, got, want, err)
		}
	}
	if most := 6 * len(v); c.loaded > most {
		t.Errorf("%d sightings were loaded for %d records, at most %d are needed", c.loaded, len(v), most)
	}
}
