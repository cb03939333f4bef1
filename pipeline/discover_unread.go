package pipeline

import "github.com/cratio/sutra/connectors"

// unread writes a collection for a table that could not be read: were it left out, no scan
// would say that it was not looked into.
func (w *catalogWriter) unread(t connectors.Table) {
	if _, known := w.source.Dataset.Collection(t.Name); known {
		return
	}
	w.written++
	for _, g := range t.Gaps {
		w.line("      # not sampled: %s", comment(g.Reason))
	}
	w.line("      - name: %s", scalar(t.Name))
	w.line("        # review: nothing is known of it, and every scan says so; discover again when it can be read, or take it out")
	w.line("        meta: {sutra: {class: account_crm, erase: keep}}")
}
