package world

import (
	"context"
	"fmt"
	"strings"
)

// tableOf cuts the key range off a table's unit: leads[1,10001) is leads.
func tableOf(c Copy) string {
	if strings.HasPrefix(c.Dataset, "crm.") {
		t, _, _ := strings.Cut(c.Unit, "[")
		return t
	}
	return c.Unit
}

// CompareWhere compares what a search reported about a person with what was
// planted, by dataset, unit, locator and role. missing are planted copies that
// were not reported; strangers are reported ones that are not hers.
func (t *Truth) CompareWhere(ctx context.Context, reported []Copy, person string) (missing, strangers []Copy, err error) {
	planted, err := t.CopiesOf(ctx, person)
	if err != nil {
		return nil, nil, err
	}
	missing, strangers = CompareCopies(reported, planted)
	return missing, strangers, nil
}

// CompareCopies is CompareWhere with the planted copies at hand.
func CompareCopies(reported, planted []Copy) (missing, strangers []Copy) {
	place := func(c Copy) string { return c.Dataset + "\x00" + tableOf(c) + "\x00" + c.Locator }
	got := map[string]bool{}
	for _, c := range reported {
		got[place(c)+"\x00"+c.Role] = true
	}
	hers := map[string]bool{}
	for _, c := range planted {
		hers[place(c)] = true
		if !c.Optional && !got[place(c)+"\x00"+c.Role] {
			missing = append(missing, c)
		}
	}
	for _, c := range reported {
		if !hers[place(c)] {
			strangers = append(strangers, c)
		}
	}
	return missing, strangers
}

// pickWithin is how many people Pick looks at: every special person is among
// them.
const pickWithin = 4 * period

// Pick returns people who are good for a story, the best first: of TagRich those
// with the most copies, of the other tags those in their order.
// "ordinary" asks for people without a tag.
func (t *Truth) Pick(ctx context.Context, kind string) ([]Person, error) {
	var out []Person
	n := 0
	for p, err := range t.AllPeople(ctx) {
		if err != nil {
			return nil, err
		}
		if p.Has(kind) || kind == "ordinary" && len(p.Tags) == 0 {
			out = append(out, p)
		}
		if n++; n >= pickWithin {
			break
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("nobody is tagged %s in this world", kind)
	}
	if kind != TagRich {
		return out, nil
	}
	count := map[string]int{}
	copies := 0
	for c, err := range t.AllCopies(ctx) {
		if err != nil {
			return nil, err
		}
		count[c.Person]++
		if copies++; copies > pickWithin*40 {
			break
		}
	}
	best := 0
	for i, p := range out {
		if count[p.ID] > count[out[best].ID] {
			best = i
		}
	}
	out[0], out[best] = out[best], out[0]
	return out, nil
}
