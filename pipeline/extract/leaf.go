package extract

import (
	"strings"

	"github.com/cratio/sutra/lineage"
)

// leafHits finds what one leaf, or one column without a catalog, holds.
func leafHits(key, text string, others bool) []hit {
	if hits := formHits(key, text, others); hits != nil {
		return hits
	}
	m := keyMeaning(key)
	role := lineage.Subject
	switch {
	case others || m.others:
		role = lineage.Mention
	case m.party:
		role = lineage.Party
	}
	if m.name {
		if others {
			return nil
		}
		return []hit{{Identifier: Identifier{Value: text}, name: true, whole: true}}
	}
	if m.link != "" {
		if id, ok := Link(m.link, text); ok {
			return []hit{{Identifier: id, role: lineage.Link, whole: true}}
		}
		return nil
	}
	if m.identity != "" {
		if id, ok := Normalise(m.identity, text); ok && (m.identity != KindPhone || !m.filler) {
			return []hit{{Identifier: id, role: role, whole: true}}
		}
	}
	if amountKey(key) && isAmount(text) {
		return nil
	}
	if m.opaque && !strings.Contains(text, "wamid.") && !strings.Contains(text, "@") {
		return plusHits(text)
	}
	var out []hit
	for _, s := range Find(text) {
		h := hit{Identifier: s.Identifier, role: lineage.Mention}
		h.whole = s.Packed < 2 && wholly(key, text, s)
		if m.identity != "" || h.whole && !wamidElsewhere(key, text) && !sayingKey(key) {
			h.role = role
		}
		out = append(out, h)
	}
	return out
}

// wholly reports a text that is nothing but what was found in it, or under the key of a
// call's end a link to it: {"address": "tel:..."}.
func wholly(key, text string, s Span) bool {
	before, after := strings.TrimSpace(text[:s.Start]), strings.TrimSpace(text[s.End:])
	switch strings.ToLower(before) {
	case "":
		return after == ""
	case "tel:", "callto:":
		return callEnd(key) && (after == "" || after[0] == ';' || after[0] == '?')
	}
	return false
}

// wamidElsewhere reports a message id that is not the record's own: the id of
// the message it answers.
func wamidElsewhere(key, text string) bool {
	return strings.HasPrefix(text, "wamid.") && key != "id"
}

// plusHits is what stands under the key of an id or a time: a telephone number that is
// written with its plus is mentioned there.
func plusHits(text string) []hit {
	if !strings.HasPrefix(strings.TrimSpace(text), "+") {
		return nil
	}
	var out []hit
	for _, s := range Find(text) {
		out = append(out, hit{Identifier: s.Identifier, role: lineage.Mention, whole: s.Packed < 2 && wholly("", text, s)})
	}
	return out
}
