package format

import "slices"

// Locators returns the locators of the edits of a collection, sorted, so that a
// codec that finds a record by its locator need not ask for every record it has.
func (e *Edits) Locators(collection string) []string {
	var out []string
	for k := range e.byRef {
		if k.collection == collection {
			out = append(out, k.locator)
		}
	}
	slices.Sort(out)
	return out
}
