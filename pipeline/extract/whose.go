package extract

import (
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format/json"
)

// pointLeaves is how much a contact point says at most, beside what kind of one it is.
const pointLeaves = 2

// anothers reports a contact point that somebody labelled as another's: {"type": "wife",
// "value": "98..."}. An event or a lead has a type, too, in which such a word may stand
// (parent_signup, Reference): it says more, or has the person inside, and is her own.
func (d *document) anothers(n *json.Node) bool {
	if n.Parent == nil || n.Parent.Kind != json.Array {
		return false
	}
	label := d.whose(n)
	if label == "" {
		return false
	}
	leaves, named, inside := 0, false, false
	json.Walk(n, func(x *json.Node) bool {
		switch m := keyMeaning(x.Key); {
		case x == n:
		case m.name || sayingKey(x.Key):
			named = true
		case len(x.Children) > 0:
		case !m.filler && x.Kind != json.Null:
			leaves++
			inside = inside || m.identity != "" && x.Parent != n
		}
		return !named
	})
	switch {
	case named:
		return false
	case connectors.Kin(label):
		return true
	}
	return !inside && (leaves <= pointLeaves || keyMeaning(n.Parent.Key).identity != "")
}

// whose is the label of an object that names another than its person; empty when none does.
func (d *document) whose(n *json.Node) string {
	for _, m := range n.Children {
		if m.Kind != json.String {
			continue
		}
		switch strings.ToLower(m.Key) {
		case "type", "label", "formattedtype", "customtype":
			if text := m.Text(d.data); connectors.Another(text) {
				return text
			}
		}
	}
	return ""
}
