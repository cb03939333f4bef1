package world

// object compares an object's records as a multiset: their numbers shift when
// others go.
func (c *comparison) object(id unitID, b *unitSnap) {
	a := c.after.units[id]
	if a == nil {
		a = &unitSnap{}
	}
	left := map[uint64]int{}
	for _, y := range a.recs {
		left[y.sum]++
	}
	var mixed []*content
	redacted := 0
	for _, y := range b.recs {
		if left[y.sum] > 0 {
			left[y.sum]--
			continue
		}
		if c.isDue(id, y) {
			continue
		}
		old := b.kept[y.key]
		if old == nil || len(c.hers[placeKey(id, y.key)]) == 0 {
			c.damaged(id, "", "a record of somebody else changed or is gone")
			continue
		}
		redacted++
		mixed = append(mixed, old)
	}
	var pool []*content
	added := 0
	for _, y := range a.recs {
		if left[y.sum] > 0 {
			left[y.sum]--
			added++
			if k := a.kept[y.key]; k != nil {
				pool = append(pool, k)
			}
		}
	}
	if added > redacted {
		c.damaged(id, "", "new records")
	}
	for _, old := range mixed {
		c.parts(id, old, pool)
	}
}

// parts checks that a record which held an erased person still holds what
// belongs to others: in a row of the same key, or in one of the changed records
// of the object. A record that was hers alone may have gone.
func (c *comparison) parts(id unitID, old *content, pool []*content) {
	if id.source == "recordings" && !isSidecar(id.unit) {
		if !c.allHers(id) {
			c.damaged(id, old.locator, "a recording with another owner is gone or changed")
		}
		return
	}
	others := c.strangeTokens(old.tree)
	if len(others) == 0 && !(isSidecar(id.unit) && c.otherCalls(old.tree)) {
		return
	}
	for _, k := range pool {
		if holdsAll(k.tree, others) {
			if what := c.kept(old.tree, k.tree); what != "" {
				c.damaged(id, old.locator, what)
			}
			return
		}
	}
	c.damaged(id, old.locator, "a record with another person's part is gone or lost her words")
}

func isSidecar(unit string) bool { return len(unit) > 5 && unit[len(unit)-5:] == ".json" }

// allHers reports whether every owner of a recording is erased.
func (c *comparison) allHers(id unitID) bool {
	for _, o := range c.owners[id] {
		if !c.erased[o] {
			return false
		}
	}
	return true
}

// otherCalls reports whether a sidecar has an entry of somebody else.
func (c *comparison) otherCalls(tree any) bool {
	m, ok := tree.(map[string]any)
	if !ok {
		return false
	}
	calls, ok := m["calls"].([]any)
	if !ok {
		return false
	}
	for _, x := range calls {
		if !c.tells(x) {
			return true
		}
	}
	return false
}

// strangeTokens returns the tokens of a record that are no erased person's.
func (c *comparison) strangeTokens(tree any) []string {
	var out []string
	for _, l := range leaves(tree, nil) {
		for _, t := range tokensIn(l) {
			if h, ok := c.before.find.tokens[t]; !ok || !c.before.find.traces[h].within(c.erased) {
				out = append(out, t)
			}
		}
	}
	return out
}

func holdsAll(tree any, tokens []string) bool {
	have := map[string]bool{}
	for _, l := range leaves(tree, nil) {
		for _, t := range tokensIn(l) {
			have[t] = true
		}
	}
	for _, t := range tokens {
		if !have[t] {
			return false
		}
	}
	return true
}

// tells reports whether a value holds a trace that belongs to erased people only.
func (c *comparison) tells(v any) bool {
	for _, h := range c.before.find.search(leaves(v, nil)...) {
		if c.before.find.traces[h].within(c.erased) {
			return true
		}
	}
	return false
}

// kept compares a shared record before and after: whatever holds no trace of an
// erased person must be there as it was. It returns what is not.
func (c *comparison) kept(old, now any) string {
	was, ok := old.(map[string]any)
	if !ok {
		return c.within(old, now)
	}
	is, ok := now.(map[string]any)
	if !ok {
		return "a shared record has another shape"
	}
	for k, v := range was {
		if k == "recording_key" {
			continue
		}
		if !c.tells(v) {
			if canon(v) != canon(is[k]) {
				return "field " + k + " of a shared record changed"
			}
			continue
		}
		if what := c.within(v, is[k]); what != "" {
			return what
		}
	}
	return ""
}

// within looks for the parts of others inside a field that also held an erased
// person: elements of lists, and objects with a token of somebody else.
func (c *comparison) within(old, now any) string {
	have := nodes(now, map[string]int{})
	need := map[string]int{}
	c.others(old, false, need)
	for k, n := range need {
		if have[k] < n {
			return "another person's part of a shared record changed"
		}
	}
	return ""
}

// others collects the largest parts that are somebody else's.
func (c *comparison) others(v any, element bool, need map[string]int) {
	if !c.tells(v) {
		if _, leaf := v.(string); element || !leaf && len(c.strangeTokens(v)) > 0 {
			need[canon(v)]++
		}
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			c.others(x, false, need)
		}
	case []any:
		for _, x := range v {
			c.others(x, true, need)
		}
	}
}
