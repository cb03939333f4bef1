package recordings

import (
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format/json"
)

// What stands beside the entries of a conference is in the record of the first of them, and
// stays in the file when that entry goes: the record of the next one has it then. What of it
// tells of somebody whose entry goes has to go as well, or it would be another's.

// beside empties the values beside the entries that tell of somebody whose entry goes, and of
// nobody whose entry stays.
func (p *patch) beside(records []record, edits map[*record][]connectors.Edit) {
	var gone, left []*record
	for i := range records {
		if r := &records[i]; deletes(edits[r]) {
			gone = append(gone, r)
		} else {
			left = append(left, r)
		}
	}
	if p.side == nil || len(gone) == 0 || len(left) == 0 {
		return
	}
	doc, ok := records[0].cells["document"]
	if !ok || doc.node == nil {
		return
	}
	json.Walk(doc.node, func(n *json.Node) bool {
		switch {
		case doc.except[n]:
			return false
		case n.Kind == json.String || n.Kind == json.Number:
			if text := n.Text(p.side.data); speaks(gone, text) && !speaks(left, text) {
				p.SetNull(n)
			}
		}
		return true
	})
}

// Below these lengths a number or a name is too short to be looked for in a text.
const (
	leastDigits  = 7
	leastLetters = 4
)

// speaks reports a text with a number or a name of one of some entries.
func speaks(records []*record, text string) bool {
	digits, folded := digitsOf(text), strings.ToLower(text)
	for _, r := range records {
		for _, column := range []string{"phone", "phone_formatted"} {
			if d := lastDigits(r.cells[column].value); len(d) >= leastDigits && strings.Contains(digits, d) {
				return true
			}
		}
		for _, column := range []string{"caller_name", "contact_name", "call_log_name"} {
			name := strings.ToLower(strings.TrimSpace(r.cells[column].value))
			if name != "" && (folded == name || len(name) >= leastLetters && strings.Contains(folded, name)) {
				return true
			}
		}
	}
	return false
}
